"""The independent check of every run.

It recomputes everything from the instance and the written tables alone. It shares the language with the model, and
the instance as it was read. So a fault of the model, of the solver's hand-over or of the tables shows as a finding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from planner.check.amounts import read_amounts
from planner.check.balance import check_balances
from planner.check.capacity import check_capacity
from planner.check.case import Case
from planner.check.choice import check_choices
from planner.check.cost import check_costs, recompute_costs
from planner.check.demand import check_demands, check_returns, check_stocks
from planner.check.given import check_given
from planner.check.nodes import check_nodes
from planner.check.operation import check_operation
from planner.check.origin import check_origin
from planner.check.plan import check_plan
from planner.check.reading import LAYOUTS, check_names, check_units, read_table
from planner.check.report import CheckReport, Finding, Ledger
from planner.check.risk import check_objective
from planner.check.rules import movements, price_factor
from planner.check.security import check_requirements
from planner.check.security.money import check_scenarios, violations_of
from planner.check.spare import check_spare
from planner.check.tree import build_horizon
from planner.language.instance import Instance

__all__ = ["CheckReport", "Finding", "check_run"]


def check_run(
    instances: Mapping[str, Instance],
    tables: Mapping[str, pd.DataFrame],
    objective: float,
    tolerance: float = 1e-6,
    given: Mapping[str, pd.DataFrame] | None = None,
    is_cheapest: bool = False,
) -> CheckReport:
    """Recompute a run from its instance and tables; of a plan that was `given`, by its tables, that it is the same.

    In a plan called the cheapest found, no decision may have a cost and no size.

    `instances` maps each future, then each shock, to the instance with its overrides; `tables` are the frames read
    back from the written files (read with `keep_default_na=False`, or a region called NA is taken for
    nothing). Faults of the run are findings in the report, never exceptions.
    """
    ledger = Ledger(tolerance)
    base = next(iter(instances.values()))
    base = instances[next(iter(base.futures))]
    horizon = build_horizon(base)
    check_names(tables, ledger)
    check_nodes(base, horizon, tables, ledger)
    read = {name: read_table(tables, name, horizon, ledger) for name in LAYOUTS if name != "nodes"}
    check_units(read, base.units, ledger)
    case = Case(instances, horizon, read, ledger, tuple(movements(base)), price_factor(base))
    if not math.isfinite(objective):
        ledger.fault("objective.reported", "reported objective", "a number", objective)
    decisions = check_plan(case)
    if given is not None:
        check_given(case, given)
    capacity = check_capacity(case, decisions)
    amounts = read_amounts(case)
    check_operation(case, amounts, capacity)
    check_balances(case, amounts)
    check_demands(case, amounts)
    check_stocks(case, amounts)
    check_choices(case, amounts, check_origin(case, amounts))
    check_returns(case, amounts)
    book = check_requirements(case, amounts, capacity, decisions)
    costs = recompute_costs(case, amounts, capacity, decisions, violations_of(case, book))
    check_scenarios(case, costs, book)
    book.close()
    check_costs(case, costs)
    if is_cheapest:
        check_spare(case, costs, decisions)
    check_objective(case, costs, objective)
    return ledger.report()
