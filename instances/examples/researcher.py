"""A researcher: the model itself, its answer under another assumption, and files for other tools.

    python instances/examples/researcher.py
"""

from pathlib import Path

import planner

QUICKSTART = Path(__file__).parent.parent / "quickstart.yaml"

# The program before it is solved: columns and rows by name.
program = planner.build(QUICKSTART)
print(f"{program.matrix.shape[0]} rows, {program.matrix.shape[1]} columns")

# The same question at other discount rates.
for rate in (0.03, 0.08, 0.12):
    run = planner.solve(QUICKSTART, sets=[f"time.discount_rate={rate}"], out=f"runs/rate-{rate:g}")
    print(f"discount rate {rate:.0%}: cost {run.figures['objective']:,.1f}, {len(run.tables['plan'])} decisions")

# What it is made of, for other tools: scenarios in the IAMC form, the program for another solver, the network.
for form in ("iamc", "mps", "graphml"):
    print(planner.export("runs/rate-0.08", form))
