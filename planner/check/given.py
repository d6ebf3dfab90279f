"""Check of a plan that was given: it came out as it went in."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from planner.check.case import Case
from planner.check.plan import decision_groups
from planner.check.reading import moment


def check_given(case: Case, given: Mapping[str, pd.DataFrame]) -> None:
    """The tables decide and close what those of the plan given do; only decisions in windows are made anew."""
    windows = {label for label, nodes in decision_groups(case).items() if nodes[0].onset is not None}
    for table, name, amount in (("plan", "project", "size"), ("retirements", "facility", "share")):
        expected, rows = _expected(case, given, table, name, amount), case.tables[table].rows(name, "group", amount)
        found = {(thing, group): size for thing, group, size in rows if group not in windows}
        for thing, group in expected | found:
            size = expected.get((thing, group), 0.0)
            case.ledger.equal("plan.given", f"{thing} {group}", size, found.get((thing, group), 0.0))


def _expected(
    case: Case, given: Mapping[str, pd.DataFrame], table: str, name: str, amount: str
) -> dict[tuple[str, str], float]:
    """Given decisions by thing and group; the period of a common plan stands for all nodes of an adaptive one."""
    nodes = given["nodes"]
    recourse = set(nodes.loc[nodes["onset"] != "", "group"]) - {""}
    groups = decision_groups(case)
    found: dict[tuple[str, str], float] = {}
    for row in given[table].to_dict("records"):
        if row["group"] in recourse:
            continue
        stated = moment(row["group"])
        same = [
            label for label, nodes in groups.items()
            if nodes[0].onset is None and case.horizon.periods[nodes[0]] == stated
        ]
        for group in [stated] if stated in groups else same:
            found[row[name], group] = float(row[amount])
    return found
