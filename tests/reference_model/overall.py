"""Rules on the plan as a whole, coded a second time in the plainest way: what they limit over scenarios and windows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from planner.language.requirements import Budget, Chance, ExpectedUnserved, Leverage, Regret, Rule, Tail
from tests.reference_model.futures import Scenario
from tests.reference_model.program import Terms
from tests.reference_model.security import Security
from tests.reference_model.tree import EPSILON, Node, matches


class Overall(Security):
    """Rules across nodes, and what their missing costs."""

    def overall(self, alone: Mapping[str, float]) -> None:
        """Rules on the plan as a whole; penalties count once, whatever comes."""
        for name in self.trunk.requirements:
            part = self.data(self.nodes[0]).requirements[name]
            if isinstance(part, ExpectedUnserved):
                self.expected(name, part)
            elif isinstance(part, Tail):
                self.tail(name, part)
            elif isinstance(part, Chance):
                self.chance(name, part)
            elif isinstance(part, Regret):
                self.regret(name, part, alone)
            elif isinstance(part, Leverage):
                self.leverage(name, part)
            elif isinstance(part, Budget):
                self.budget(name, part)

    def lacking(self, name: object, part: Rule, price: float, node: Node | None = None) -> Terms:
        """What a rule on the whole is missed by; a price is read when the horizon begins unless a node is given."""
        if part.elastic is None:
            return []
        slack = self.program.add("lacking", name)
        at = self.nodes[0] if node is None else node
        self.penalties.append((slack, price * part.elastic.penalty.at(at.middle)))
        return [(-1, slack)]

    def spending(self, scenario: Scenario) -> int:
        """A variable for what a scenario costs without penalties for rules on the whole."""
        name = ("spending", scenario.name)
        if name not in self.column:
            terms: dict[int, float] = defaultdict(float)
            for node, share in scenario.shares.items():
                for column, cost in self.costs[node].items():
                    terms[column] += share * cost
            spent = self.program.add(*name, lower=-math.inf)
            self.program.row([(1, spent), *[(-cost, column) for column, cost in terms.items() if cost]], 0, 0)
        return self.column[name]

    def expected(self, name: str, part: ExpectedUnserved) -> None:
        pools: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for key in self.users(part):
            words = {"region": self.trunk.demands[key].region, "class": self.trunk.demands[key].user_class}
            pools[tuple(words[word] for word in sorted(part.by))].append(key)
        for pool, demands in pools.items():
            terms, need = self.lacking((name, pool), part, self.money), 0.0
            for node in self.nodes:
                for key in demands if self.holds(part, node) else ():
                    terms += self.short(key, node, node.probability * node.length)
                    need += node.probability * node.length * self.data(node).demands[key].amount.at(node.middle)
            self.program.row(terms, most=part.share.at(self.nodes[0].middle) * need)

    def tail(self, name: str, part: Tail) -> None:
        first, scenarios, need = self.nodes[0].middle, self.tree.scenarios, 0.0
        price = 1.0 if part.of == "cost" else self.money
        threshold = self.program.add("tail threshold", name, lower=-math.inf)
        terms: Terms = [(1, threshold), *self.lacking(name, part, price)]
        for scenario in scenarios:
            beyond = self.program.add("tail beyond", name, scenario.name)
            terms.append((scenario.probability / part.tail, beyond))
            loss: Terms = []
            if part.of == "cost":
                loss = [(-1, self.spending(scenario))]
            for node, share in scenario.shares.items() if part.of == "unserved" else ():
                for key in self.users(part) if self.holds(part, node) else ():
                    loss += self.short(key, node, -share * node.length)
                    amount = self.data(node).demands[key].amount.at(node.middle)
                    need += scenario.probability * share * node.length * amount
            self.program.row([(1, beyond), (1, threshold), *loss], least=0)
        limit = part.most.at(first) if part.most else part.share.at(first) * need if part.share else 0.0
        self.program.row(terms, most=limit)

    def chance(self, name: str, part: Chance) -> None:
        fails: dict[Node, int] = {}
        for node in self.nodes:
            if node.probability > 0 and self.holds(part, node):
                fails[node] = self.program.add("node fails", name, node, upper=1, integer=True)
                rule = self.data(node).requirements[name]
                assert isinstance(rule, Chance)
                for key in self.users(part):
                    amount = self.data(node).demands[key].amount.at(node.middle)
                    worth = node.probability * node.length * node.factor * self.money
                    slack = self.lacking((name, key, node), rule, worth, node)
                    allowed = (1 - rule.target.at(node.middle)) * amount
                    self.program.row([*self.short(key, node), (-amount, fails[node]), *slack], most=allowed)
        terms: Terms = []
        for scenario in self.tree.scenarios:
            failed = self.program.add("scenario fails", name, scenario.name, upper=1)
            terms.append((scenario.probability, failed))
            for node, share in scenario.shares.items():
                if node in fails and share > EPSILON:
                    self.program.row([(1, failed), (-1, fails[node])], least=0)
        self.program.row(terms, most=1 - part.probability)

    def regret(self, name: str, part: Regret, alone: Mapping[str, float]) -> None:
        for scenario in self.tree.scenarios:
            if matches(scenario.name, part.futures) or matches(scenario.future, part.futures):
                cost, limit = self.spending(scenario), part.most.at(self.nodes[0].middle)
                slack = self.lacking((name, scenario.name), part, 1.0)
                self.program.row([(1, cost), *slack], most=limit + alone[scenario.future])

    def leverage(self, name: str, part: Leverage) -> None:
        for window in self.tree.windows:
            onset = window.nodes[0]
            if window.shock != part.shock or not self.holds(part, onset):
                continue
            rule = self.data(onset).requirements[name]
            assert isinstance(rule, Leverage)
            terms = self.lacking((name, window.name), part, 1.0)
            for node in window.nodes:
                for key in self.users(part):
                    for i, tranche in enumerate(self.data(node).demands[key].shortage):
                        loss = node.length * self.money * tranche.cost.at(node.middle)
                        terms.append((loss, self.column["short", key, i, node]))
            self.program.row(terms, most=rule.most.at(onset.middle))

    def budget(self, name: str, part: Budget) -> None:
        for leaf in self.leaves if part.per == "total" else self.nodes:
            nodes = [n for n in (leaf.path if part.per == "total" else [leaf]) if self.holds(part, n)]
            if not nodes:
                continue
            terms: Terms = []
            for node in nodes:
                for project in self.trunk.projects:
                    terms += self.committed(part, project, node)
            rule = self.data(leaf).requirements[name]
            assert isinstance(rule, Budget)
            most = part.most.at(self.nodes[0].middle)
            if part.per == "year":
                most = rule.most.at(leaf.middle) * leaf.length
            self.program.row([*terms, *self.shared_slack(name, part, leaf)], most=most)

    def shared_slack(self, name: str, part: Budget, leaf: Node) -> Terms:
        """What is decided in common is missed once, and of a total only the worst path counts."""
        key = (name, "all" if part.per == "total" else self.group(leaf))
        if ("lacking", key) in self.column:
            return [(-1, self.column["lacking", key])]
        return self.lacking(key, part, 1.0)

    def committed(self, part: Budget, name: str, node: Node) -> Terms:
        """Money that a decision in a node commits."""
        project = self.data(node).projects[name]
        if project.facility is not None:
            region = self.trunk.facilities[project.facility].region
        else:
            assert project.lane is not None
            region = self.movements(self.nodes[0], project.lane)[0][2]
        start = self.column.get(("start", name, self.group(node)))
        if start is None or not (matches(name, part.projects) and matches(region, part.regions)):
            return []
        if part.of == "public_money":
            return [(project.public_money.at(node.middle), start)]
        return [(1, self.column["overnight", name, node])]
