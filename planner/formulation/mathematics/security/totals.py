"""Total costs of nodes and scenarios, where requirements are about them.

Index s: scenarios; n: nodes. Shared by regret and the tail of cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.formulation.declarations import Chapter
from planner.formulation.mathematics import scenario_totals
from planner.formulation.mathematics.security.scope import stated
from planner.formulation.network import Network
from planner.language.requirements import Regret, Tail


def are_needed(network: Network) -> bool:
    """Whether some requirement is about the cost of scenarios."""
    return bool(stated(network, Regret)) or any(part.of == "cost" for part in stated(network, Tail).values())


def chapter(network: Network, alone: Mapping[str, float]) -> Chapter:
    """The cost of every node and scenario."""
    return TOTALS.chapter(network) if are_needed(network) else Chapter()


def spent(block: Any, node: str) -> Any:
    r"""spent_n = length_n\, factor_n \sum yearly_n\, x_n"""
    return block.spent[node] == block.node_spending[node]


def total(block: Any, name: str) -> Any:
    r"""total_s = \sum_n share_{s,n}\, spent_n + capital_s"""
    parts = scenario_totals.spent(block, name, block.spent)
    return block.total[name] == parts + block.capital_spending[name]


TOTALS = scenario_totals.Totals("spent", "total", "node_spending", "capital_spending", (spent, total))
