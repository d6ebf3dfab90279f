"""A policy analyst: what does a plan that always serves defence cost, and what is public money for?

    python instances/examples/policy_analyst.py
"""

from pathlib import Path

import planner

HERE = Path(__file__).parent
QUICKSTART = HERE.parent / "quickstart.yaml"

# Two answers to the same question: with the rule that defence is always served, and without it.
with_rule = planner.solve(QUICKSTART, out="runs/with-rule")
without = planner.solve(QUICKSTART, sets=["requirements.defence_always_served.target=0"], out="runs/without-rule")
price = with_rule.figures["expected_cost"] - without.figures["expected_cost"]
print(f"The rule costs {price:,.1f} {with_rule.figures['money_unit']}.")

# Who goes short, and what is decided first, as the report says it.
run = planner.open_run("runs/with-rule")
for name in ("served", "plan", "capital", "requirements"):
    print(f"{name}: {run.view(name).message}")

# The page for the minister.
print(f"Report: {planner.report('runs/with-rule')}")
