"""Formulas from docstrings: what a function computes, as LaTeX with its code, and the terms of the objective."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import planner
from planner.formulation.declarations import Chapter, Link, OfFigures, Variable
from planner.formulation.mathematics.capital import CapitalCoefficients
from planner.formulation.mathematics.node_data import OfSituation

ROOT = Path(planner.__file__).parent.parent
BLOCK = re.compile(r"^\.\. math:: (.*(?:\n +.*)*)", re.MULTILINE)


class Formula(NamedTuple):
    """Formula of a function: the words and formulas of its docstring in order, and its place in the code."""

    parts: tuple[str, ...]  # Words at even places, LaTeX at odd ones.
    file: str
    line: int

    @property
    def latex(self) -> tuple[str, ...]:
        return self.parts[1::2]


class CostTerm(NamedTuple):
    """One term of the objective: the cost of one unit of a family of variables or links."""

    item: str
    family: str
    meaning: str
    latex: str


def formula(place: str) -> Formula:
    """The formula of `package.module:function` or `package.module:Class.method`. LookupError when it states none."""
    module, _, name = place.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    found = found.fget if isinstance(found, property) else inspect.unwrap(found)
    parts = split(found)
    if len(parts) < 3:
        raise LookupError(f"{place} states no formula")
    file = Path(inspect.getsourcefile(found) or "").relative_to(ROOT).as_posix()
    return Formula(parts, file, inspect.getsourcelines(found)[1])


def split(function: Any) -> tuple[str, ...]:
    """A docstring as words and LaTeX in turn."""
    pieces = BLOCK.split(inspect.cleandoc(function.__doc__ or ""))
    return tuple(" ".join(piece.split()) for piece in pieces)


def cost_terms(chapters: list[Chapter]) -> Iterator[CostTerm]:
    """The terms of the objective in the order in which the chapters declare them."""
    for chapter in chapters:
        families: list[Variable | Link] = [*chapter.variables, *chapter.links]
        for family in families:
            for item, costs in family.costs.items():
                latex = r"\,".join(_factors(costs))
                if latex:
                    yield CostTerm(item, family.name, family.meaning, latex)


def _factors(costs: Any) -> Iterator[str]:
    """The formulas of a function of costs and of those that it is applied to."""
    if isinstance(costs, OfFigures | OfSituation):
        yield from _factors(costs.function)
    elif isinstance(costs, partial):
        yield from _factors(costs.func)
        for argument in costs.args:
            if isinstance(argument, Callable | OfFigures):  # type: ignore[arg-type]
                yield from _factors(argument)
    else:
        yield from split(type(costs) if isinstance(costs, CapitalCoefficients) else costs)[1::2]
