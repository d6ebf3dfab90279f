"""The mathematics as a list: every constraint with its equation, its code, its golden algebra and its tables."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import planner
from planner.formulation.declarations import Chapter
from planner.formulation.mathematics import model, risk
from planner.formulation.mathematics.security import coupled
from planner.formulation.network import build_network
from planner.language.instance import Risk
from planner.language.starter import STARTER
from planner.reading.document import load

ROOT = Path(planner.__file__).parent.parent
MEASURES: tuple[Literal["cvar", "intervals", "worst"], ...] = ("cvar", "intervals", "worst")
GOLDEN = ROOT / "tests" / "golden"  # In a checkout only.

# Where the values of a variable are written: table and column, as planner.tables declares them.
TABLES = {
    "start": "plan.project", "size": "plan.size", "modules": "plan.modules", "retire": "retirements.share",
    "activity": "activity.activity", "available": "capacity.available", "online": "capacity.online",
    "flow": "flows.sent", "lane_used": "flows.used", "purchased": "purchases.amount", "sold": "sales.amount",
    "filled": "stocks.fill", "released": "stocks.release", "stock": "stocks.stock", "delivered": "demand.amount",
    "substituted": "demand.amount", "short": "demand.amount", "returning": "returns.returning",
    "collected": "returns.collected", "disposed": "disposal.amount", "missed": "requirements.violation",
    "at_level": "origin.amount",
}

RULE = "{kind: regret, most: 1000}"  # The starter has no rule on totals of scenarios, whose equations belong here too.


class Equation(NamedTuple):
    """One family of constraints."""

    name: str
    chapter: str
    latex: str
    file: str
    line: int
    code: str
    golden: str
    families: tuple[str, ...]


class Symbol(NamedTuple):
    """One family of variables, links or data."""

    name: str
    kind: str
    meaning: str
    unit: str
    column: str


def chapters() -> list[Chapter]:
    """Investments, operation, other rules and measures of risk, of a small instance, which declares them all."""
    network = build_network(load(STARTER, None, [f"requirements.regret={RULE}"]).instances())
    measures = [risk.chapter(network, Risk(measure=measure), {}) for measure in MEASURES]
    return [model.investments(network), model.operation(network), coupled.chapter(network, {}), *measures]


def symbols() -> list[Symbol]:
    """Everything that has a value, in order of the chapters."""
    found = [
        Symbol(family.name, kind, family.meaning, family.unit, TABLES.get(family.name, ""))
        for chapter in chapters()
        for kind, families in (("decided", chapter.variables), ("follows", chapter.links), ("given", chapter.data))
        for family in families
    ]
    return list({symbol.name: symbol for symbol in found}.values())


def equations() -> list[Equation]:
    """Every constraint in order of the chapters, those of risk last."""
    known = {symbol.name for symbol in symbols()}
    rules = {c.name: c.rule for chapter in chapters() for c in chapter.constraints} | risk.RULES
    return [_equation(name, rule, known) for name, rule in rules.items()]


def _equation(name: str, rule: Callable[..., Any], known: set[str]) -> Equation:
    function = getattr(rule, "func", rule)
    source, line = inspect.getsourcelines(function)
    code = "".join(source)
    latex = inspect.cleandoc(function.__doc__ or "")
    said = re.findall(r"[A-Za-z][A-Za-z_]*[A-Za-z]", latex.replace("\\_", "_"))
    used = dict.fromkeys([word.rstrip("_") for word in said] + re.findall(r"\bblock\.(\w+)", code))
    golden = GOLDEN / f"{name}.lp"
    file = Path(inspect.getsourcefile(function) or "").relative_to(ROOT)
    return Equation(
        name, function.__module__.removeprefix("planner.formulation.mathematics."), latex, str(file), line, code,
        golden.read_text("utf-8") if golden.is_file() else "", tuple(family for family in used if family in known),
    )


def by_chapter() -> Iterator[tuple[str, str, list[Equation]]]:
    """The chapters of the mathematics with what they say of themselves and their constraints."""
    listed = equations()
    for chapter in dict.fromkeys(equation.chapter for equation in listed):
        said = inspect.getdoc(__import__(f"planner.formulation.mathematics.{chapter}", fromlist=["_"])) or ""
        yield chapter, said, [equation for equation in listed if equation.chapter == chapter]
