"""Check of the security requirements: what they demand against what the tables achieve."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.horizon import TINY, Node
from planner.check.rules import matches
from planner.schema import Dependence, Requirement, Served

Key = tuple[str, tuple[str, ...], Node]
Place = tuple[str, str, Node]


@dataclass(frozen=True)
class Test:
    """One row of a requirement: `amount` may be at most `allowed`; `target` and `achieved` say it in shares."""

    allowed: float
    amount: float
    target: float
    achieved: float
    elastic: bool
    region: str


def check_requirements(case: Case, amounts: Amounts) -> dict[tuple[str, str, Node], float]:
    """Every requirement holds but for its stated violation; returns these by requirement, region and node."""
    violations: dict[tuple[str, str, Node], float] = {}
    stated = _stated(case)
    flows = _Flows(case, amounts)
    for name, requirement in case.base.requirements.items():
        for node in case.horizon.nodes:
            part = case.at(node).requirements[name]
            if not _applies(part, node):
                continue
            tests = _served(case, amounts, part, node) if isinstance(part, Served) else flows.tests(part, node)
            for scope, test in tests:
                row = stated.pop((name, scope, node), None)
                key = (name, test.region, node)
                violations[key] = violations.get(key, 0.0) + (row[3] if row is not None else 0.0)
                _compare(case, case.where(node, name, *scope), requirement.kind, test, row)
    for name, scope, node in stated:
        case.unknown("requirements", case.where(node, name, *scope))
    return violations


def _compare(case: Case, where: str, kind: str, test: Test, row: tuple[float, ...] | None) -> None:
    violation = row[3] if row is not None else 0.0
    case.ledger.at_most(f"requirement.{kind}", where, test.allowed + violation, test.amount, abs(test.allowed))
    if not test.elastic:
        case.ledger.at_most("requirement.violation", f"{where}, not elastic", 0.0, violation)
    if row is None:
        if max(abs(test.allowed), abs(test.amount)) > TINY:
            case.ledger.fault("requirement.missing", where, "a row", "nothing")
        return
    target, achieved, slack, _ = row
    case.ledger.equal("requirement.target", where, test.target, target)
    if not math.isnan(achieved) and not math.isnan(test.achieved):
        case.ledger.equal("requirement.achieved", where, test.achieved, achieved)
    room = max(0.0, test.allowed - test.amount)
    case.ledger.equal("requirement.slack", where, room, slack, abs(test.allowed) + abs(test.amount))


def _stated(case: Case) -> dict[Key, tuple[float, ...]]:
    """Rows of the table by requirement, the words of their scope that matter, and node."""
    rows: dict[Key, tuple[float, ...]] = {}
    columns = ("requirement", "kind", "scope", "target", "achieved", "slack", "violation")
    for node, name, kind, text, *numbers in case.tables["requirements"].by_node(*columns):
        part = case.base.requirements.get(name)
        words = dict(word.split("=", 1) for word in text.split(";") if "=" in word)
        if part is None or part.kind != kind:
            case.unknown("requirements", case.where(node, name, kind))
            continue
        keys = ("demand",) if isinstance(part, Served) else tuple(sorted(part.by))
        key = (name, tuple(words.get(word, "") for word in keys), node)
        if key in rows:
            case.ledger.fault("tables.duplicate", case.where(node, name, text), 1.0, 2.0)
        rows[key] = tuple(numbers)
    return rows


def _applies(requirement: Requirement, node: Node) -> bool:
    if requirement.start is not None and node.start < requirement.start - TINY:
        return False
    if requirement.end is not None and node.start >= requirement.end - TINY:
        return False
    return any(matches(future, requirement.futures) for future in node.futures)


def _served(case: Case, amounts: Amounts, part: Served, node: Node) -> Iterator[tuple[tuple[str, ...], Test]]:
    for name, demand in case.at(node).demands.items():
        if not (matches(demand.region, part.regions) and matches(demand.user_class, part.classes)):
            continue
        required, target = demand.amount.at(node.middle), part.target.at(node.middle)
        short = math.fsum(amounts.short.get((name, i + 1, node), 0.0) for i in range(len(demand.shortage)))
        achieved = 1 - short / required if required > 0 else math.nan
        elastic = part.elastic is not None
        yield (name,), Test((1 - target) * required, short, target, achieved, elastic, demand.region)


class _Flows:
    """Use of every commodity in every region, and what comes from each exporter."""

    def __init__(self, case: Case, amounts: Amounts) -> None:
        self.use: dict[Place, float] = {}
        self.bought: dict[tuple[str, Place], float] = {}
        self.regions = list(case.base.regions)
        self.commodities = list(case.base.commodities)
        for (facility, process, node), activity in amounts.activity.items():
            region = case.base.facilities[facility].region
            for commodity, quantity in case.at(node).processes[process].inputs.items():
                self._use((commodity, region, node), quantity * activity)
        for (demand, commodity, node), delivered in amounts.delivered.items():
            self._use((commodity, case.base.demands[demand].region, node), delivered)
        for (name, _, region, node), amount in amounts.purchases.items():
            supplier = case.at(node).suppliers[name]
            if supplier.origin is not None:
                self._buy(supplier.origin, (supplier.commodity, region, node), amount)
        for (movement, node), sent in amounts.sent.items():
            arrived = sent * (1 - case.at(node).lanes[movement.lane].loss)
            self._buy(movement.origin, (movement.commodity, movement.destination, node), arrived)

    def _use(self, place: Place, amount: float) -> None:
        self.use[place] = self.use.get(place, 0.0) + amount

    def _buy(self, exporter: str, place: Place, amount: float) -> None:
        self.bought[exporter, place] = self.bought.get((exporter, place), 0.0) + amount

    def tests(self, part: Dependence, node: Node) -> Iterator[tuple[tuple[str, ...], Test]]:
        """One test per combination of the `by` keys; the exporter's own region does not depend on itself."""
        pools: dict[tuple[str, ...], list[Place]] = {}
        for commodity in self.commodities:
            for region in self.regions:
                if region == part.exporter or not matches(commodity, part.commodities):
                    continue
                if matches(region, part.regions):
                    words = {"commodity": commodity, "region": region}
                    scope = tuple(words[word] for word in sorted(part.by))
                    pools.setdefault(scope, []).append((commodity, region, node))
        share = part.share.at(node.middle)
        for scope, places in pools.items():
            use = math.fsum(self.use.get(place, 0.0) for place in places)
            bought = math.fsum(self.bought.get((part.exporter, place), 0.0) for place in places)
            achieved = bought / use if use > TINY else math.nan
            region = places[0][1] if "region" in part.by else "*"
            yield scope, Test(share * use, bought, share, achieved, part.elastic is not None, region)
