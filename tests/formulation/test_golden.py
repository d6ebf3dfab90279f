"""Golden LP files: the algebra of each constraint on a tiny instance, so that a change of it shows in review.

After a wanted change: `python -m tests.formulation.test_golden` writes them anew; read the difference before you
commit.
"""

from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pytest

from planner.formulation.mathematics.risk import RULES
from planner.formulation.network import build_network
from planner.language.instance import Risk
from planner.program.coupling import secured
from planner.program.program import Program, assemble
from planner.program.risk_objective import weighed
from planner.reading.document import load
from tests.paths import ROOT

GOLDEN = ROOT / "tests" / "golden"
MOST_ROWS = 12


def tiny() -> Program:
    return assemble(build_network(load(GOLDEN / "tiny.yaml").instances()))


def families(program: Program) -> list[str]:
    return [c.name for c in (*program.investments.constraints, *program.operation.constraints)]


def risky(measure: str) -> Program:
    """The tiny instance with a measure of risk, two embargoes nobody foresees, and the best of each future alone."""
    variants = load(GOLDEN / "tiny.yaml", sets=["shocks.embargo={length: 1, hazard: 0.1, earliest: 2027}"]).instances()
    return weighed(assemble(build_network(variants)), Risk.model_validate({"measure": measure}), {"truce": 100.0})


RISKS = ("node_total", "scenario_total", *RULES)
REGRET = ("requirements.sorry={kind: regret, most: 5}",)


def secure() -> Program:
    """The tiny instance with every kind of requirement and a shock that is only tested."""
    return secured(assemble(build_network(load(GOLDEN / "secure.yaml").instances())), {})


def regretful() -> Program:
    """The tiny instance with a limit on regret, given the best of each future alone."""
    variants = load(GOLDEN / "tiny.yaml", sets=REGRET).instances()
    return secured(assemble(build_network(variants)), {"truce": 100.0, "conflict": 120.0})


def of_rules() -> dict[str, Program]:
    """The constraints that only requirements bring, each with an instance it appears in."""
    known, plain = secure(), {family for _, family, _ in tiny().rows}
    found = {family: known for _, family, _ in known.rows if family not in plain}
    return found | {"regret_limit": regretful()}


def every_excerpt() -> dict[str, str]:
    """Every golden file's text by name."""
    program = tiny()
    plain = {family: excerpt(program, family) for family in sorted({family for _, family, _ in program.rows})}
    plain |= {family: excerpt(program, family) for family, program in of_rules().items()}
    return plain | {family: excerpt(risky(family if family in RULES else "worst"), family) for family in RISKS}


def excerpt(program: Program, family: str) -> str:
    """The rows of one constraint in LP format, with the bounds of the columns they touch."""
    names = [_plain(name) for name in program.column_names()]
    row_names = [_plain(name) for name in program.row_names()]
    rows = [i for i, (_, name, _) in enumerate(program.rows) if name == family]
    lines, touched = ["Minimize", " obj:", "Subject To"], set[int]()
    for row in rows[:MOST_ROWS]:
        part = program.matrix[[row], :].tocoo()
        entries = sorted(zip(part.coords[1].tolist(), part.data.tolist(), strict=True))
        touched |= {column for column, _ in entries}
        lower, upper = program.row_lower[row], program.row_upper[row]
        sense, side = ("=", lower) if lower == upper else (("<=", upper) if np.isfinite(upper) else (">=", lower))
        terms = "\n   ".join(f"{value:+.12g} {names[column]}" for column, value in entries)
        lines.append(f" {row_names[row]}:\n   {terms}\n   {sense} {side + 0.0:.12g}")
    if len(rows) > MOST_ROWS:
        lines.append(f"\\ and {len(rows) - MOST_ROWS} more rows")
    lines.append("Bounds")
    for column in sorted(touched):
        upper = program.upper[column]
        most = f" <= {upper:.12g}" if np.isfinite(upper) else ""
        lines.append(f" {program.lower[column]:.12g} <= {names[column]}{most}")
    whole = [names[column] for column in sorted(touched) if program.integer[column]]
    return "\n".join([*lines, *(["General", *(f" {name}" for name in whole)] if whole else []), "End", ""])


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_.()" else {"[": "(", "]": ")"}.get(c, "_") for c in name)


def test_every_constraint_appears_in_the_tiny_instance() -> None:
    present = {family for program in (tiny(), secure(), regretful()) for _, family, _ in program.rows}
    beside = {c.name for program in (secure(), regretful()) for c in program.weighing.constraints}
    assert {*families(tiny()), *beside} == present


@pytest.mark.parametrize(("family", "text"), every_excerpt().items(), ids=list(every_excerpt()))
def test_algebra_is_as_committed(family: str, text: str) -> None:
    assert text == (GOLDEN / f"{family}.lp").read_text("utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.lp")} == {*families(tiny()), *of_rules(), *RISKS}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.lp")), ids=lambda p: p.stem)
def test_golden_files_are_real_lp_files(path: Path) -> None:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    assert solver.getNumRow() > 0


if __name__ == "__main__":
    for constraint, rows in every_excerpt().items():
        (GOLDEN / f"{constraint}.lp").write_text(rows, "utf-8")
