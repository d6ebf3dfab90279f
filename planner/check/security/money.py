"""Check of rules on money: budgets, and the costs of scenarios, known once all costs are."""

from __future__ import annotations

import math

from planner.check.capital import Decision, overnight_cost
from planner.check.case import Case
from planner.check.cost import Costs, Violations, asset_regions
from planner.check.horizon import Node, Scenario
from planner.check.risk import scenario_name
from planner.check.rules import matches
from planner.check.security.row import Book, Test, applies
from planner.check.security.users import mean_of_worst
from planner.check.work import targets
from planner.language.requirements import Budget, Regret, Tail

MONEY = "{money}"


def check_budget(case: Case, decisions: list[Decision], book: Book, name: str, base: Budget) -> None:
    """Money committed in a period, or on the path to a leaf; a row without possible commitments may be absent."""
    regions, assets = asset_regions(case), targets(case)
    chosen = [
        d for d in decisions
        if matches(d.project, base.projects) and matches(regions.get(assets[d.project], ""), base.regions)
    ]

    def committed(nodes: list[Node]) -> float:
        return math.fsum(_committed(case, base, d, n) for n in nodes for d in chosen if n in d.nodes)

    stated = {node for requirement, _, node in list(book.rows) if requirement == name and node is not None}
    if base.per == "year":
        rows = {node: [node] for node in case.horizon.nodes if applies(base, node)}
    else:
        rows = {leaf: [n for n in case.horizon.path[leaf] if applies(base, n)] for leaf in case.horizon.leaves}
    for node, nodes in rows.items():
        most, amount = _most(case, name, base, node), committed(nodes)
        if node in stated:
            pool = "*" if base.per == "total" else decided_together(case, node)
            test = Test(most, amount, most, amount, role=MONEY, target_role=MONEY, pool=pool)
            book.compare(name, (), node, test)
        elif base.elastic is None:
            case.ledger.at_most("requirement.budget", case.where(node, name), most, amount)


def decided_together(case: Case, node: Node) -> str:
    """The group of nodes that share their decisions."""
    is_common = case.base.plan == "common" and node.onset is None
    return (case.horizon.periods if is_common else case.horizon.labels)[node]


def _committed(case: Case, part: Budget, decision: Decision, node: Node) -> float:
    if part.of == "capital":
        return overnight_cost(case, decision, node)
    return case.at(node).projects[decision.project].public_money.at(node.middle)


def _most(case: Case, name: str, base: Budget, node: Node) -> float:
    first = case.horizon.nodes[0]
    at = node if base.per == "year" else first
    part = case.rule(name, at, Budget)
    return part.most.at(at.middle) * (node.length if base.per == "year" else 1.0)


def violations_of(case: Case, book: Book) -> Violations:
    """Shortfalls of all requirements, on which penalties are paid; those on costs as the table states them."""
    found = dict(book.violations)
    for (name, _), (violation, node) in book.pooled.items():
        found[name, "*", node] = found.get((name, "*", node), 0.0) + violation
    for (name, _, node), (numbers, _) in book.rows.items():
        if isinstance(case.base.requirements[name], Tail | Regret):
            found[name, "*", node] = found.get((name, "*", node), 0.0) + numbers[3]
    return found


def check_scenarios(case: Case, costs: Costs, book: Book) -> None:
    """Tails of cost and regrets, of totals without the penalties for missing rules on the plan as a whole."""
    totals = {s: _total(costs, s) - costs.overall for s in case.horizon.scenarios}
    first = case.horizon.nodes[0]
    for name, base in case.base.requirements.items():
        part = case.at(first).requirements[name]
        if isinstance(part, Tail) and part.most is not None:
            worst = mean_of_worst(part.tail, [(s.probability, cost) for s, cost in totals.items()])
            most = part.most.at(first.middle)
            book.compare(name, (), None, Test(most, worst, most, worst, role=MONEY, target_role=MONEY))
        elif isinstance(part, Regret):
            alone = {row[0]: row[1] for row in case.tables["scenarios"].rows("scenario", "alone")}
            most = part.most.at(first.middle)
            for scenario, cost in totals.items():
                label = scenario_name(case, scenario)
                if matches(label, base.futures) or matches(scenario.future, base.futures):
                    regret = cost - alone.get(label, math.nan)
                    test = Test(most, regret, most, regret, role=MONEY, target_role=MONEY)
                    book.compare(name, (label,), None, test)


def _total(costs: Costs, scenario: Scenario) -> float:
    return math.fsum(share * costs.certain.get(node, 0.0) for node, share in scenario.shares.items())
