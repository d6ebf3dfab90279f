"""What it is worth not to know the date: losses of embargoes with and without foresight, with and without stocks.

`python -m tests.benchmarks.foresight` solves the rare-earth instance with shocks under eight readings and writes one
table: for every onset, what users lose in the window. With foresight every embargo has a past of its own in which
stocks are bought for its date, which nobody can do; without it all embargoes share one past.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from planner.workflows.evaluate import evaluate
from planner.workflows.solve import Solved, solve

ROOT = Path(__file__).parent.parent.parent
INSTANCE = ROOT / "instances" / "rare-earths-shocks.yaml"
TABLE = Path(__file__).parent / "foresight.csv"
STOCKS = {"no stocks": "no-stockpiles", "stocks": None, "180 days of magnets": "big-stockpile"}


def losses(run: Solved) -> pd.Series:
    """Undiscounted loss of users in the window of each embargo [bn USD]."""
    costs, nodes = run.tables["costs"], run.tables["nodes"].set_index("node")
    short = costs[costs["item"] == "shortage"]
    windows = nodes[nodes["onset"].notna()]
    lost = short[short["node"].isin(windows.index)].copy()
    lost["loss"] = lost["yearly"] * lost["node"].map(windows["length"]) / 1000
    by_onset = lost.groupby(lost["node"].map(windows["onset"]))["loss"].sum()
    return by_onset.reindex(sorted(windows["onset"].unique()), fill_value=0.0)


def main() -> None:
    columns: dict[str, pd.Series] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for stocks, scenario in STOCKS.items():
            for foresight in (False, True):
                known = ["clairvoyant=true"] if foresight else []
                word = "foreseen" if foresight else "unforeseen"
                name = f"no-builds-{scenario}" if scenario is not None else "no-builds"
                columns[f"no builds, {stocks}, {word}"] = losses(
                    solve(INSTANCE, scenario=name, sets=known, out=place / "run")
                )
                print(columns[f"no builds, {stocks}, {word}"].round(1).to_dict(), flush=True)
        made = solve(INSTANCE, out=place / "made")
        columns["built, stocks, unforeseen"] = losses(made)
        known_plan = evaluate(place / "made", instance=INSTANCE, sets=["clairvoyant=true"], out=place / "run")
        columns["same plan, stocks, foreseen"] = losses(known_plan.run)
    table = pd.DataFrame(columns)
    table.index = table.index.astype(int)
    table.round(2).to_csv(TABLE, index_label="onset", lineterminator="\n")
    print(table.round(1).to_string())


if __name__ == "__main__":
    main()
