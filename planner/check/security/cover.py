"""Check of cover: what stocks and spare capacity could give users, as the table of cover says it would be done."""

from __future__ import annotations

import math

from planner.check.amounts import Amounts
from planner.check.capacity import Capacity
from planner.check.case import Case
from planner.check.horizon import Node
from planner.check.rules import matches
from planner.check.security.row import Book, Test, applies, demands_of
from planner.language.requirements import Cover

# By what a step is about: a stockpile, a facility and its process, a demand and a commodity.
Steps = dict[tuple[str, str], float]


class Covers:
    """The steps of the table by requirement, place, node and measure; each place is tested by itself."""

    def __init__(self, case: Case, amounts: Amounts, capacity: Capacity, book: Book) -> None:
        self.case, self.amounts, self.capacity, self.book = case, amounts, capacity, book
        self.steps: dict[tuple[str, str, Node, str], Steps] = {}
        columns = ("requirement", "place", "measure", "name", "item", "amount")
        for node, name, place, measure, what, item, amount in case.tables["cover"].by_node(*columns):
            steps = self.steps.setdefault((name, place, node, measure), {})
            steps[what, item] = steps.get((what, item), 0.0) + amount

    def check(self, name: str, base: Cover) -> None:
        regions = [r for r in self.case.base.regions if matches(r, base.regions)]
        users = list(demands_of(self.case, base))
        places = {"*": regions} if base.pooled else {region: [region] for region in regions}
        for label, inside in places.items():
            here = [d for d in users if self.case.base.demands[d].region in inside]
            for node in self.case.horizon.nodes if here else ():
                steps = {m: self.steps.pop((name, label, node, m), {}) for m in ("drawn", "run", "given")}
                if applies(base, node):
                    self._place(name, label, node, inside, here, steps)
                elif any(steps.values()):
                    self.case.unknown("cover", self.case.where(node, name, label))

    def close(self) -> None:
        for name, label, node, measure in self.steps:
            self.case.unknown("cover", self.case.where(node, name, label, measure))

    def _place(
        self, name: str, label: str, node: Node, regions: list[str], users: list[str], steps: dict[str, Steps]
    ) -> None:
        part, instance = self.case.rule(name, node, Cover), self.case.at(node)
        years = part.days.at(node.middle) / 365
        where = self.case.where(node, name, label)
        net: dict[str, float] = {}
        self._drawn(part, node, regions, years, steps["drawn"], net)
        self._run(node, regions, years, steps["run"], net, where)
        for (demand, commodity), amount in steps["given"].items():
            if demand not in users or commodity not in instance.demands[demand].accepts:
                self.case.unknown("cover", f"{where} {demand} {commodity}")
            net[commodity] = net.get(commodity, 0.0) - amount
        for commodity, left in net.items():
            self.case.ledger.at_least("cover.balance", f"{where} {commodity}", 0.0, left, sum(map(abs, net.values())))
        for demand in users:
            self._user(name, label, node, demand, years, steps["given"])

    def _drawn(
        self, part: Cover, node: Node, regions: list[str], years: float, drawn: Steps, net: dict[str, float]
    ) -> None:
        for (name, _), amount in drawn.items():
            pile, where = self.case.at(node).stockpiles.get(name), self.case.where(node, "cover", name)
            if pile is None or pile.region not in regions or not matches(name, part.stockpiles):
                self.case.unknown("cover", where)
                continue
            self.case.ledger.at_most("cover.stock", where, self.amounts.stock.get((name, node), 0.0), amount)
            if pile.release_limit is not None:
                most = years * pile.release_limit.at(node.middle)
                self.case.ledger.at_most("cover.release", where, most, amount)
            net[pile.commodity] = net.get(pile.commodity, 0.0) + amount

    def _run(
        self, node: Node, regions: list[str], years: float, run: Steps, net: dict[str, float], where: str
    ) -> None:
        instance = self.case.at(node)
        used: dict[str, float] = {}
        for (facility, process), amount in run.items():
            if (facility, process) not in self.case.permitted or instance.facilities[facility].region not in regions:
                self.case.unknown("cover", f"{where} {facility} {process}")
                continue
            recipe = instance.processes[process]
            if not recipe.inputs:
                found = "a process without inputs"
                self.case.ledger.fault("cover.run", f"{where} {facility}", "a conversion of stock", found)
            used[facility] = used.get(facility, 0.0) + recipe.use * amount
            for commodity, quantity in recipe.outputs.items():
                net[commodity] = net.get(commodity, 0.0) + quantity * amount
            for commodity, quantity in recipe.inputs.items():
                net[commodity] = net.get(commodity, 0.0) - quantity * amount
        for facility, amount in used.items():
            busy = math.fsum(
                instance.processes[p].use * self.amounts.activity.get((facility, p, node), 0.0)
                for f, p in self.case.permitted if f == facility
            )
            there = self.capacity.available.get((facility, node), 0.0)
            spare = years * (there - busy)
            self.case.ledger.at_most("cover.capacity", f"{where} {facility}", spare, amount, years * there)

    def _user(self, name: str, label: str, node: Node, demand: str, years: float, given: Steps) -> None:
        part = self.case.at(node).demands[demand]
        need = years * part.amount.at(node.end + years / 2)
        covered = math.fsum(e * given.get((demand, k), 0.0) for k, e in part.accepts.items())
        covered += years * self.amounts.substituted.get((demand, node), 0.0)
        days = 365 * years
        achieved = days * covered / need if need > 0 else days
        test = Test(-need, -covered, days, achieved, label, "{quantity}", "days")
        self.book.compare(name, (label, demand), node, test)
