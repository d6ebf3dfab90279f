"""Check of rules on what users get: by node, by window, and over all scenarios."""

from __future__ import annotations

import math
from collections.abc import Iterable

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.horizon import MOMENT, Node
from planner.check.security.row import Book, Test, applies, demands_of
from planner.language.requirements import (
    Chance,
    ExpectedUnserved,
    Leverage,
    OfService,
    Recover,
    Served,
    Sharing,
    Survive,
    Tail,
)


class Users:
    """Need and shortage of users, by demand and node."""

    def __init__(self, case: Case, amounts: Amounts, book: Book) -> None:
        self.case, self.amounts, self.book = case, amounts, book

    def required(self, demand: str, node: Node) -> float:
        return self.case.at(node).demands[demand].amount.at(node.middle)

    def short(self, demand: str, node: Node) -> float:
        tranches = range(1, len(self.case.base.demands[demand].shortage) + 1)
        return math.fsum(self.amounts.short.get((demand, i, node), 0.0) for i in tranches)

    def served(self, name: str, base: Served | Survive | Recover) -> None:
        """Each demand, in each node; after the onset of a shock for a number of years, or from a number of years on."""
        for node in self.case.horizon.nodes:
            if not applies(base, node) or not _is_time(base, node):
                continue
            part = self.case.rule(name, node, OfService)
            target = part.target.at(node.middle)
            for demand in demands_of(self.case, base):
                required, short = self.required(demand, node), self.short(demand, node)
                achieved = 1 - short / required if required > 0 else math.nan
                region = self.case.base.demands[demand].region
                self.book.compare(
                    name, (demand,), node, Test((1 - target) * required, short, target, achieved, region)
                )

    def sharing(self, name: str, base: Sharing) -> None:
        """Unserved shares of a class in the regions of the scope differ by so much at most."""
        places: dict[str, dict[str, list[str]]] = {}
        for demand in demands_of(self.case, base):
            part = self.case.base.demands[demand]
            places.setdefault(part.user_class, {}).setdefault(part.region, []).append(demand)
        for node in self.case.horizon.nodes:
            rule = self.case.rule(name, node, Sharing)
            for users, regions in places.items():
                if len(regions) < 2 or not applies(base, node):
                    continue
                needs = {r: math.fsum(self.required(d, node) for d in ds) for r, ds in regions.items()}
                lacks = {r: math.fsum(self.short(d, node) for d in ds) for r, ds in regions.items()}
                shares = {r: lacks[r] / needs[r] if needs[r] > 0 else 0.0 for r in regions}
                max_gap, least = rule.max_gap.at(node.middle), min(shares.values())
                for region, share in shares.items():
                    allowed = (least + max_gap) * needs[region]
                    self.book.compare(
                        name, (region, users), node, Test(allowed, lacks[region], max_gap, share - least, region)
                    )

    def expected(self, name: str, base: ExpectedUnserved) -> None:
        """Probability-weighted shortage against probability-weighted need."""
        share, nodes = self._share(name, ExpectedUnserved), [n for n in self.case.horizon.nodes if applies(base, n)]
        pools: dict[tuple[str, ...], list[str]] = {}
        for demand in demands_of(self.case, base):
            part = self.case.base.demands[demand]
            words = {"region": part.region, "class": part.user_class}
            pools.setdefault(tuple(words[word] for word in sorted(base.by)), []).append(demand)
        for scope, demands in pools.items():
            needed = self._expected_need(nodes, demands)
            lacking = math.fsum(n.probability * n.length * self.short(d, n) for n in nodes for d in demands)
            achieved = lacking / needed if needed else 0.0
            self.book.compare(
                name, scope, None,
                Test(share * needed, lacking, share if needed else 0.0, achieved, role="{quantity}"),
            )

    def _share(self, name: str, kind: type[ExpectedUnserved] | type[Tail]) -> float:
        """The share of a rule on the plan as a whole. Raises TypeError where the rule has none."""
        node = self.case.horizon.nodes[0]
        share = self.case.rule(name, node, kind).share
        if share is None:
            raise TypeError(f"{name} has no share")
        return share.at(node.middle)

    def _expected_need(self, nodes: Iterable[Node], demands: list[str]) -> float:
        return math.fsum(n.probability * n.length * self.required(d, n) for n in nodes for d in demands)

    def tail(self, name: str, base: Tail) -> None:
        """Mean shortage of the worst scenarios."""
        demands = list(demands_of(self.case, base))
        nodes = [node for node in self.case.horizon.nodes if applies(base, node)]
        needed, share = self._expected_need(nodes, demands), self._share(name, Tail)
        losses = [
            (s.probability, math.fsum(
                part * n.length * self.short(d, n) for n, part in s.shares.items() if applies(base, n) for d in demands
            )) for s in self.case.horizon.scenarios
        ]
        worst = mean_of_worst(base.tail, losses)
        achieved = worst / needed if needed else 0.0
        self.book.compare(name, (), None, Test(share * needed, worst, share, achieved, role="{quantity}"))

    def leverage(self, name: str, base: Leverage) -> None:
        """Users' loss in each window of a shock."""
        demands = list(demands_of(self.case, base))
        for window in self.case.horizon.windows:
            inside = [node for node in window.nodes if node.onset is not None]
            if window.shock != base.shock or not applies(base, inside[0]):
                continue
            loss = math.fsum(
                self.case.money * n.length * tranche.cost.at(n.middle) * self.amounts.short.get((d, i, n), 0.0)
                for n in inside for d in demands
                for i, tranche in enumerate(self.case.at(n).demands[d].shortage, 1)
            )
            part = self.case.rule(name, inside[0], Leverage)
            most = part.most.at(inside[0].middle)
            test = Test(most, loss, most, loss, role="{money}", target_role="{money}")
            label = self.case.horizon.labels[inside[0]].rpartition(":")[0]
            self.book.compare(name, (label,), inside[0], test)

    def chance(self, name: str, base: Chance) -> None:
        """A node with an unserved demand fails all scenarios that pass through it."""
        failing: set[Node] = set()
        for node in self.case.horizon.nodes:
            if node.probability <= 0 or not applies(base, node):
                continue
            part = self.case.rule(name, node, Chance)
            target = part.target.at(node.middle)
            for demand in demands_of(self.case, base):
                required, short = self.required(demand, node), self.short(demand, node)
                achieved = 1 - short / required if required > 0 else math.nan
                # A node that fails is allowed anything: its chance is what counts.
                test = Test(required, short, target, achieved, has_room=False)
                missed = self.book.compare(name, (demand,), node, test)
                if short > (1 - target) * required + missed + 1e-6 * (1 + required):
                    failing.add(node)
        served = math.fsum(s.probability for s in self.case.horizon.scenarios if not failing & s.shares.keys())
        test = Test(-base.probability, -served, base.probability, served, role="probability",
                    target_role="probability")
        self.book.compare(name, ("",), None, test)


def _is_time(part: Served | Survive | Recover, node: Node) -> bool:
    if isinstance(part, Served):
        return True
    if node.onset is None or node.source != part.shock:
        return False
    passed = node.start - node.onset
    return passed < part.years - MOMENT if isinstance(part, Survive) else passed >= part.years - MOMENT


def mean_of_worst(tail: float, losses: Iterable[tuple[float, float]]) -> float:
    """Mean loss of the worst part of the probability."""
    left, total = tail, 0.0
    for chance, loss in sorted(losses, key=lambda pair: -pair[1]):
        total += min(left, chance) * loss
        left = max(0.0, left - chance)
    return total / tail
