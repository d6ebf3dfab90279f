"""Key figures: what a person reads first, as a table and as `summary.json` for programs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from planner.language.instance import Instance
from planner.solving.outcome import Outcome
from planner.tables.frames import looked_up, said, table
from planner.tables.schemas import RUN


def signed(instance: Instance, cost: float) -> float:
    """A total cost in the instance's own sense: a maximised objective is the negative of cost."""
    return (-cost if instance.objective.sense == "maximise" else cost) + 0.0  # Nothing has no sign.


def key_figures(instance: Instance, outcome: Outcome, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """The figures of `summary.json`; objective and bound in the instance's own money and sense."""
    figures: dict[str, Any] = {
        "instance": instance.name,
        "status": outcome.status,
        "sense": instance.objective.sense,
        "objective": signed(instance, outcome.objective),
        "bound": signed(instance, outcome.bound),
        "gap": outcome.gap,
        "solver_nodes": outcome.nodes,
        "seconds": round(outcome.seconds, 3),
        "money_unit": instance.units.money,
        "quantity_unit": instance.units.quantity,
    }
    if instance.published_optimum is not None:
        figures["published_optimum"] = instance.published_optimum
    if outcome.has_plan:
        figures |= _of_plan(instance, tables)
    return figures


def _of_plan(instance: Instance, tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    plan, costs = tables["plan"], tables["costs"]
    by_item = costs.groupby("item")["discounted"].sum()
    return {
        "expected_cost": signed(instance, math.fsum(costs["discounted"])),
        "worst_cost": signed(instance, float(tables["scenarios"]["cost"].max())),
        "projects_decided": len(plan),
        "capital_cost": math.fsum(plan["capital_cost"] * looked_up(plan["group"], _chances(tables["nodes"]))),
        "cost_by_item": {str(item): float(total) for item, total in by_item.items()},
        "served": served(tables).to_dict("records"),
        "requirements_missed": int((tables["requirements"]["violation"] > 1e-6).sum()),
    }


def _chances(nodes: pd.DataFrame) -> dict[str, float]:
    """Probability of a decision of each group: 1 for a common one, else the probability of its nodes."""
    groups = nodes[nodes["group"] != ""].assign(own=nodes["group"] == nodes["node"])
    return {
        str(group): float(part["probability"].sum()) if part["own"].all() else 1.0
        for group, part in groups.groupby("group")
    }


def served(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Share of demand not short, by future and class over the whole horizon, and the worst of any demand in any year.

    `chosen` is the share that goes short by choice, while goods for it are stored, sold or thrown away.
    Each future is followed along its own path: nodes it shares with others count for it too.
    """
    demand, nodes = tables["demand"], tables["nodes"]
    length = nodes.set_index("node")["length"].to_dict()
    passing = nodes.assign(through=nodes["futures"].str.split(";")).explode("through")[["node", "through"]]
    measures = ["required", "short", "chosen"]
    wide = demand[demand["measure"].isin(measures)].pivot_table(
        index=["class", "demand", "node", "year"], columns="measure", values="amount", aggfunc="sum", fill_value=0.0,
        observed=True,
    ).reset_index()
    for measure in measures:
        if measure not in wide:
            wide[measure] = 0.0
    wide = wide.merge(passing, on="node")
    years = looked_up(wide["node"], length)
    wide = wide.assign(
        worst=(1 - wide["short"] / wide["required"].where(wide["required"] > 0)).fillna(1.0),
        required=wide["required"] * years, short=wide["short"] * years, chosen=wide["chosen"] * years,
    )
    order = {name: i for i, name in enumerate(dict.fromkeys(passing["through"]))}
    wide = wide.sort_values(["through", "class", "year"], key=lambda c: c.map(order) if c.name == "through" else c)
    grouped = wide.groupby(["through", "class"], sort=False)
    sums = {name: (name, "sum") for name in measures}
    total = grouped.agg(**sums, worst=("worst", "min")).reset_index()
    asked = total["required"].where(total["required"] > 0)
    share, by_choice = (1 - total["short"] / asked).fillna(1.0), (total["chosen"] / asked).fillna(0.0)
    worst_year = [
        wide[(wide["through"] == f) & (wide["class"] == c)].sort_values("worst")["year"].iloc[0]
        for f, c in zip(total["through"], total["class"], strict=True)
    ]
    return pd.DataFrame({
        "future": total["through"], "class": total["class"], "served": share, "worst_served": total["worst"],
        "worst_year": worst_year, "chosen": by_choice,
    })


def summary_table(figures: dict[str, Any]) -> pd.DataFrame:
    """The key figures as a table; numbers are written out in full."""
    rows = summary_rows(figures)
    return table(RUN["summary"], ({"key": key, "value": said(value), "unit": unit} for key, value, unit in rows))


def summary_rows(figures: dict[str, Any]) -> list[tuple[str, Any, str]]:
    """The key figures as rows: key, value, unit."""
    money, rows = figures["money_unit"], list[tuple[str, Any, str]]()
    units = {"objective": money, "bound": money, "capital_cost": money, "gap": "share", "seconds": "s",
             "published_optimum": money, "expected_cost": money, "worst_cost": money}
    for key, value in figures.items():
        if key == "cost_by_item":
            rows += [(f"cost.{item}", total, money) for item, total in value.items()]
        elif key == "served":
            for row in value:
                rows.append((f"served.{row['future']}.{row['class']}", row["served"], "share"))
                rows.append((f"worst_served.{row['future']}.{row['class']}", row["worst_served"], "share"))
                rows.append((f"short_by_choice.{row['future']}.{row['class']}", row["chosen"], "share"))
        elif key != "seconds":
            rows.append((key, value, units.get(key, "")))
    return rows
