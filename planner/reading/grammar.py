"""The shapes that the schema gives to every place of an instance.

The loader needs them before an instance is validated: to read tables, to find what an override may set,
to keep `NO` or `310` as text where a name is meant, and to say what was expected where.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from planner.language.figure import Figure, Part
from planner.language.instance import Instance

ShapeKind = Literal["model", "map", "list", "figure", "text", "number", "flag", "choice", "free", "either"]
WORDS: dict[str, str] = {
    "model": "a mapping", "map": "a mapping", "list": "a list", "text": "text", "number": "a number",
    "flag": "true or false", "free": "a value", "figure": "a number, a table of years or {value: ...}",
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """Shape of the values allowed at a place."""

    kind: ShapeKind
    model: type[Part] | None = None
    item: Shape | None = None
    years: bool = False
    choices: tuple[str, ...] = ()
    options: tuple[Shape, ...] = ()

    def expected(self) -> str:
        """The allowed values, in words."""
        if self.kind == "choice":
            return " or ".join(self.choices)
        if self.kind == "either":
            return " or ".join(option.expected() for option in self.options)
        return WORDS[self.kind]

    def has_figure(self) -> bool:
        """Whether a figure may stand here."""
        return self.kind == "figure" or any(option.has_figure() for option in self.options)


FREE = Shape("free")


@cache
def fields_of(model: type[Part]) -> dict[str, tuple[FieldInfo, Shape]]:
    """Keys of a part as written in YAML, with their declaration and shape."""
    return {field.alias or name: (field, shape_of(field.annotation)) for name, field in model.model_fields.items()}


@cache
def written(model: type[Part]) -> dict[str, str]:
    """YAML names of the attributes of a part (`comes_from` is written `from`)."""
    return {name: field.alias or name for name, field in model.model_fields.items()}


def shape_of(annotation: Any) -> Shape:
    """The shape of a type annotation."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(arguments[0])
    if origin in (Union, types.UnionType):
        options = tuple(shape_of(option) for option in arguments if option is not type(None))
        return options[0] if len(options) == 1 else Shape("either", options=options)
    if origin is dict:
        return Shape("map", item=shape_of(arguments[1]), years=shape_of(arguments[0]).kind == "number")
    if origin is list:
        return Shape("list", item=shape_of(arguments[0]))
    if origin is Literal:
        return Shape("choice", choices=tuple(str(choice) for choice in arguments))
    return _plain_shape(annotation)


def _plain_shape(annotation: Any) -> Shape:
    if isinstance(annotation, type) and issubclass(annotation, Figure):
        return Shape("figure", model=Figure)
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return Shape("model", model=annotation)
    if annotation is str:
        return Shape("text")
    if annotation is bool:
        return Shape("flag")
    if annotation in (int, float):
        return Shape("number")
    return FREE


INSTANCE = Shape("model", model=Instance)


def narrowed(shape: Shape, value: object) -> Shape:
    """The option of an `either` shape that a value of this kind must follow; FREE when none does."""
    if shape.kind != "either":
        return shape
    for option in shape.options:
        if isinstance(value, dict) and option.kind in ("model", "figure"):
            if option.model is not None and _tagged(option.model, value):
                return option
        elif isinstance(value, str) and option.kind in ("choice", "text"):  # noqa: SIM114
            return option
        elif isinstance(value, int | float) and not isinstance(value, bool) and option.kind in ("number", "figure"):
            return option
    return FREE


def _tagged(model: type[Part], value: dict[Any, Any]) -> bool:
    """Whether a mapping's `kind` is that of the model, if the model has one."""
    declared = fields_of(model).get("kind")
    if declared is None or declared[1].kind != "choice":
        return True
    tag = value.get("kind")
    return getattr(tag, "value", tag) in declared[1].choices


def below(shape: Shape, key: object, value: object = None) -> Shape:
    """The shape under a key of a value with the given shape; FREE when the schema does not know the key."""
    shape = narrowed(shape, value)
    if shape.kind in ("map", "list") and shape.item is not None:
        return shape.item
    if shape.kind == "figure" and isinstance(key, int):
        return Shape("number")
    if shape.model is not None:
        declared = fields_of(shape.model).get(str(key))
        return declared[1] if declared else FREE
    return FREE
