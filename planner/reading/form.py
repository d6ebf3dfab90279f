"""From a tree to the model object, section by section, so that those that are known need not be validated again."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import Any

from pydantic import ValidationError, create_model

from planner.common.errors import InputError
from planner.language.figure import Part
from planner.language.instance import Instance
from planner.reading.blame import problems_of
from planner.reading.compose import YamlNode, plain
from planner.reading.periods import period_starts


def instance_of(tree: YamlNode, sections: dict[str, Any]) -> Instance:
    """The instance of a tree, of which these sections are validated already; InputError if another is wrong."""
    data = {key: plain(node) for key, node in tree.entries.items() if key not in sections}
    context = {"starts": period_starts(tree)}
    try:
        if not sections:
            return Instance.model_validate(data, strict=True, context=context)
        form = _form(frozenset(name for name in Instance.model_fields if name not in sections))
        rest = form.model_validate(data, strict=True, context=context)
    except ValidationError as error:
        raise InputError(problems_of(error, tree)) from None
    stated = {str(key) for key in tree.entries}
    return Instance.model_construct(stated, **{name: getattr(rest, name) for name in form.model_fields} | sections)


@cache
def _form(names: frozenset[str]) -> type[Part]:
    """The form of some sections of an instance."""
    fields: dict[str, Any] = {
        name: (field.annotation, copy(field)) for name, field in Instance.model_fields.items()
        if name in names and name not in Part.model_fields
    }
    return create_model("Instance", __base__=Part, __doc__="Some sections of an instance.", **fields)
