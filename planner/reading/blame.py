"""Plain words for what the schema refuses: the right place, one sensible message, a suggestion."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import ValidationError

from planner.common.errors import Problem, closest, did_you_mean
from planner.language.figure import Figure, Part
from planner.language.instance import Instance
from planner.reading.compose import YamlKey, YamlNode, child, plain
from planner.reading.grammar import INSTANCE, Shape, below, fields_of, narrowed
from planner.reading.settle import is_year_table

_LABEL = re.compile(r"(\S+): (.*)", re.DOTALL)


class EnclosingMapping(NamedTuple):
    """A mapping on the way to an error."""

    path: tuple[YamlKey, ...]
    model: type[Part] | None


class Spot(NamedTuple):
    """Place of an error in the tree, the value around it, and the rest of the path that is not in the tree."""

    path: tuple[YamlKey, ...]
    node: YamlNode
    shape: Shape
    rest: tuple[Any, ...]
    trail: tuple[EnclosingMapping, ...]
    is_foreign: bool

    @property
    def label(self) -> str:
        return dotted(self.path) or "the instance"


def dotted(path: tuple[YamlKey, ...]) -> str:
    """A path as it is written in overrides."""
    return ".".join(str(key) for key in path)


def problems_of(error: ValidationError, tree: YamlNode) -> list[Problem]:
    """Problems of a refused instance, one per mistake."""
    found: dict[tuple[Any, ...], Problem] = {}
    for detail in error.errors(include_url=False):
        spot = _spot(tree, tuple(detail["loc"]))
        if detail["type"] == "missing" and _misspelt(spot, spot.rest[-1]):
            continue  # The unknown key that was meant is reported, with this one as its hint.
        is_union = spot.shape.kind == "either" and not spot.rest and not detail["type"].startswith("union_tag")
        if spot.is_foreign and not (is_union and narrowed(spot.shape, spot.node.value).kind == "free"):
            continue  # What another branch of a union would have liked is of no interest.
        problem = _choice_problem(spot) if is_union else None
        found.setdefault((spot.path, spot.rest), problem or _problem(detail, spot))
    return list(found.values()) or [Problem("wrong-value", str(error), tree.place)]


def _spot(tree: YamlNode, location: tuple[Any, ...]) -> Spot:
    """Follow a location as far as the tree goes, leaving out the marks of unions and of written-out figures."""
    node, shape = tree, INSTANCE
    path: tuple[YamlKey, ...] = ()
    rest: list[Any] = []
    trail: list[EnclosingMapping] = []
    is_foreign = False
    for step in location:
        if not rest and step in _kinds(shape):
            shape = narrowed(shape, node.value)  # The mark of a kind; a field below may have the same name.
            continue
        inner = child(node, step) if not rest else None
        if inner is not None:
            trail.append(EnclosingMapping(path, narrowed(shape, node.value).model))
            path = (*path, step)
            node, shape = inner, below(shape, step, node.value)
        elif not _is_mark(step, node):
            rest.append(step)
        elif shape.kind == "either":
            is_foreign = is_foreign or _branch(step) != narrowed(shape, node.value).kind
    return Spot(path, node, shape, tuple(rest), tuple(trail), is_foreign)


def _kinds(shape: Shape) -> tuple[str, ...]:
    """The kinds that a place may be of."""
    return tuple(kind for option in shape.options if option.model is not None for kind in _kind(option.model))


def _branch(mark: str) -> str:
    """The kind of shape whose union branch a mark names."""
    if mark.startswith("literal["):
        return "choice"
    if "Figure" in mark:
        return "figure"
    return "number" if mark.endswith("float") else "model"


def _is_mark(step: Any, node: YamlNode) -> bool:
    if not isinstance(step, str):
        return False
    if ("[" in step and step != "[key]") or "(" in step:
        return True
    if step in ("float", "constrained-float", "Period", "Figure"):
        return True
    return (step == "by_year" and is_year_table(node)) or (step == "value" and not isinstance(node.value, dict | list))


def _problem(detail: Any, spot: Spot) -> Problem:
    kind = detail["type"]
    if spot.path and isinstance(spot.path[-1], int) and spot.trail[-1].model is Figure:
        return _mixed_years(spot)
    return next((handler(detail, spot) for words, handler in HANDLERS if re.search(words, kind)), None) or Problem(
        "wrong-value", f"{spot.label}: {detail['msg'].lower()}", spot.node.place
    )


def _mixed_years(spot: Spot) -> Problem:
    hint = "write the years under by_year: {2026: ...}"
    return Problem("inconsistent", f"{dotted(spot.path[:-1])}: years and other keys are mixed", spot.node.place, hint)


def _missing(_: Any, spot: Spot) -> Problem:
    return Problem("missing-key", f"{spot.label} needs {spot.rest[-1]}", spot.node.place, _meaning(spot, spot.rest[-1]))


def _range(detail: Any, spot: Spot) -> Problem:
    value, most = spot.node.value, detail["ctx"].get("le", detail["ctx"].get("lt"))
    is_percent = isinstance(value, int | float) and most == 1 and 1 < value <= 100
    hint = f"did you mean {value / 100:g}?" if isinstance(value, int | float) and is_percent else None
    return Problem("out-of-range", f"{spot.label}: {_said(spot)} {_bound(detail)}", spot.node.place, hint)


def _bad_name(detail: Any, spot: Spot) -> Problem:
    hint = "a name has none of | , ; : / [ ] * ? and does not begin with = + - @ or a space"
    return Problem("bad-name", f"{spot.label}: {detail['input']!r} cannot be a name", spot.node.place, hint)


def _length(detail: Any, spot: Spot) -> Problem:
    if "[key]" in spot.rest:
        return _bad_name(detail, spot)
    if "short" in detail["type"]:
        return Problem("empty", f"{spot.label} is empty", spot.node.place)
    return Problem("too-long", f"{spot.label} is too long: {detail['msg'].lower()}", spot.node.place)


def _said(spot: Spot) -> str:
    value = plain(spot.node)
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value) if isinstance(value, str) else str(value)


def _wrong_type(_: Any, spot: Spot) -> Problem:
    shape = spot.shape
    expected = shape.expected()
    hint = None
    if shape.kind == "number" and isinstance(spot.node.value, float):
        expected = "a whole number"
    elif isinstance(spot.node.value, str) and (shape.kind == "number" or shape.has_figure()):
        hint = _number_hint(spot.node.value)
    elif shape.kind == "list" and isinstance(spot.node.value, str):
        hint = f"did you mean [{spot.node.value}]?"
    else:
        hint = _single_key(shape, spot.node.value)
    return Problem("wrong-type", f"{spot.label}: {expected} is expected, found {_said(spot)}", spot.node.place, hint)


def _single_key(shape: Shape, value: Any) -> str | None:
    """For a part that needs but one key, how a number in its place would be written."""
    model = narrowed(shape, {}).model
    needed = [key for key, (field, _) in fields_of(model).items() if field.is_required()] if model is not None else []
    if len(needed) != 1:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"write {{{needed[0]}: {value if is_number else '...'}}}"


def _number_hint(text: str) -> str | None:
    """A number that was written in a way YAML does not know."""
    text = text.strip()
    if re.fullmatch(r"-?\d{1,3}[.,]\d{3}", text):  # Thousands or thousandths: the writer must say.
        head, tail = re.split("[.,]", text)
        return f"write {head}{tail} if thousands are meant, {float(f'{head}.{tail}'):g} if not"
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})+(,\d+)?|-?\d+,\d+", text):  # Points between thousands, a decimal comma.
        return f"did you mean {text.replace('.', '').replace(',', '.')}?"
    bare = re.sub(r"[\s_,']", "", text)
    if re.fullmatch(r"-?\d+(\.\d+)?", bare):
        return f"did you mean {bare}?"
    if re.fullmatch(r"-?\d+(\.\d+)?%", bare):
        return f"did you mean {float(bare[:-1]) / 100:g}?"
    return None


def _choice_problem(spot: Spot) -> Problem | None:
    """One message for a field that may be of several kinds."""
    option = narrowed(spot.shape, spot.node.value)
    if option.kind == "choice" and spot.node.value not in option.choices:
        message = f"{spot.label}: {spot.shape.expected()} is expected, found {_said(spot)}"
        return Problem("wrong-choice", message, spot.node.place, did_you_mean(spot.node.value, option.choices))
    if option.kind == "free":
        return _wrong_type(None, spot)
    return None


def _wrong_choice(detail: Any, spot: Spot) -> Problem:
    choices = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
    message = f"{spot.label}: {' or '.join(choices)} is expected, found {_said(spot)}"
    return Problem("wrong-choice", message, spot.node.place, did_you_mean(spot.node.value, choices))


def _wrong_kind(detail: Any, spot: Spot) -> Problem:
    kinds = re.findall(r"'([^']*)'", detail["ctx"].get("expected_tags", "")) or ["served", "dependence"]
    stated = child(spot.node, "kind")
    if stated is None:
        return Problem("missing-key", f"{spot.label} needs kind", spot.node.place, f"one of {', '.join(kinds)}")
    message = f"{spot.label}.kind: {' or '.join(kinds)} is expected, found {plain(stated)!r}"
    return Problem("wrong-choice", message, stated.place, did_you_mean(plain(stated), kinds))


def _bound(detail: Any) -> str:
    words = {"gt": "must be more than", "ge": "must be at least", "lt": "must be less than", "le": "must be at most"}
    return " and ".join(f"{words[key]} {value:g}" for key, value in detail["ctx"].items() if key in words)


def _value_problem(detail: Any, spot: Spot) -> Problem:
    """A part whose fields do not fit together, or a figure out of its range."""
    message = str(detail.get("ctx", {}).get("error", detail["msg"]))
    match = _LABEL.fullmatch(message)
    if match:
        node, path = _labelled(spot.node, match[1])
        if path:
            percent = re.fullmatch(r"(\d+(?:\.\d+)?) lies outside 0 to 1 \(share\)", match[2])
            is_percent = percent is not None and 1 < float(percent[1]) <= 100
            hint = f"did you mean {float(percent[1]) / 100:g}?" if percent is not None and is_percent else None
            code = "not-by-year" if match[2].endswith("a series in time") else "out-of-range"
            return Problem(code, f"{dotted((*spot.path, *path))}: {match[2]}", node.place, hint)
    return Problem("inconsistent", f"{spot.label}: {message}", spot.node.place)


def _labelled(node: YamlNode, label: str) -> tuple[YamlNode, tuple[YamlKey, ...]]:
    """The node that a label such as `variable_costs.mine.a` names below another."""
    for count in range(label.count(".") + 1, 0, -1):
        parts = label.split(".")
        key, rest = ".".join(parts[:count]), ".".join(parts[count:])
        inner = child(node, key)
        if inner is not None:
            deeper, path = _labelled(inner, rest) if rest else (inner, ())
            return deeper, (key, *path)
    return node, ()


def _meaning(spot: Spot, key: Any) -> str | None:
    """Meaning of a missing field."""
    model = narrowed(spot.shape, spot.node.value).model
    fields = fields_of(model) if model is not None else {}
    return fields[key][0].description if key in fields else None


def _misspelt(spot: Spot, key: Any) -> bool:
    """Whether a field is missing because it is misspelt."""
    model = narrowed(spot.shape, spot.node.value).model
    if model is None or not isinstance(spot.node.value, dict):
        return False
    fields = fields_of(model)
    return any(closest(name, fields) == key for name in spot.node.value if name not in fields)


def _unknown_key(_: Any, spot: Spot) -> Problem:
    """A key that a part does not have, with the one that was probably meant."""
    key, owner = spot.path[-1], spot.trail[-1]
    problem = Problem("unknown-key", f"{dotted(owner.path) or 'the top level'} has no {key}", spot.node.place)
    if str(key).isdigit() and spot.node.value is None:
        return problem._replace(hint="a comma ends a value within { }: write 1200 rather than 1,200")
    if owner.model is None:
        return problem
    field = str(key).partition(".")[0]  # A column such as amount.2030 leads into a field.
    others = _kinds_with(owner.model, field)
    if others and field not in fields_of(owner.model):
        (stated,) = _kind(owner.model)
        message = f"{dotted(owner.path)}: {field} belongs to kind {' or '.join(others)}, not {stated}"
        return Problem("inconsistent", message, spot.node.place, f"write kind: {others[0]}, or take {key} away")
    fields = fields_of(owner.model)
    hint = did_you_mean(key, fields)
    for name, (_, shape) in fields.items():
        if hint is None and shape.model is not None and str(key) in fields_of(shape.model):
            hint = f"did you mean {name}.{key}?"
    for outer in reversed(spot.trail[:-1]):
        if hint is None and outer.model is not None and str(key) in fields_of(outer.model):
            hint = f"{key} belongs to {dotted(outer.path) or 'the top level'}: is it indented too far?"
    return problem._replace(hint=hint)


def _kinds_with(model: type[Part], key: str) -> list[str]:
    """The other kinds of a part that have a field."""
    sections = [shape.item for _, shape in fields_of(Instance).values() if shape.item is not None]
    unions = [[option.model for option in item.options if option.model is not None] for item in sections]
    kin = next((models for models in unions if model in models), [])
    return [kind for other in kin if key in fields_of(other) for kind in _kind(other)]


def _kind(model: type[Part]) -> tuple[str, ...]:
    """The kind that a part is of; none where it has no kinds."""
    fields = fields_of(model)
    return fields["kind"][1].choices if "kind" in fields else ()


# What each kind of error of the schema is called here; the first that fits counts.
HANDLERS: tuple[tuple[str, Callable[[Any, Spot], Problem]], ...] = (
    ("^missing$", _missing),
    ("^(extra_forbidden|invalid_key)$", _unknown_key),
    ("^value_error$", _value_problem),
    ("^literal_error$", _wrong_choice),
    ("^union_tag", _wrong_kind),
    ("^(greater|less)_than", _range),
    ("^string_pattern_mismatch$", _bad_name),
    ("too_(short|long)$", _length),
    ("(_type|_parsing|_from_float)$|^is_instance", _wrong_type),
)
