"""A purchasing department: what may magnets cost us, from where, and how much stock carries us through a ban?

    python instances/examples/purchasing.py
"""

from pathlib import Path

import planner

QUICKSTART = Path(__file__).parent.parent / "quickstart.yaml"
planner.solve(QUICKSTART, out="runs/purchasing")
run = planner.open_run("runs/purchasing")

# What one more tonne of magnets is worth in each future, beside what the supplier asks.
for future in run.paths:
    prices = run.show("prices", future=future, year=2029.0).table
    magnets = prices[(prices["commodity"] == "magnet.n")]
    print(future, dict(zip(magnets["kind"], magnets["price"].round(1), strict=True)), "USD/kg in 2029")

# How dependent we are, and what lies in stock when a ban begins.
print(run.view("exporter_share").message)
stock = run.show("stocks", future="embargo").table
print(stock[["year", "commodity", "stock"]].to_string(index=False))

# A stock twice as large: worth its cost?
larger = planner.solve(QUICKSTART, sets=["stockpiles.carmakers.capacity*=2", "stockpiles.carmakers.initial*=2"],
                       out="runs/larger-stock")
saved = run.figures["expected_cost"] - larger.figures["expected_cost"]
print(f"With twice the stock, and the extra magnets given, expected cost falls by {saved:,.1f} MUSD.")
print(f"All tables as a workbook: {planner.export('runs/purchasing', 'xlsx')}")
