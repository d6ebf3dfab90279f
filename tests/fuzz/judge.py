"""What is a finding: from what commands did and what they left behind."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import NamedTuple

from planner.check.reading import LAYOUTS
from planner.reading.document import load
from tests.fuzz.worker import PROCESSOR, Result
from tests.reference_model.objective import Infeasible, Unbounded, reference_objective

STOPPED = 4  # By the time limit, which a busy machine meets sooner.
SOLVING = {0, 2, 3, STOPPED}
LOOKING = {0, 2}
CODES = {"validate": LOOKING, "show": LOOKING, "export": LOOKING, "futures": LOOKING}
PLACED = re.compile(r"^(\S.*:\d+:\d+|--[\w-]+) |^\.\.\. and \d+ more problems")
ERROR = re.compile(r"^([A-Za-z_][\w.]*)(?=:|$)", re.MULTILINE)
LONG_STUDY = 50  # Runs, of a tenth of a second each, that take all the time a command has here.
NEAR = 2e-5  # Of the turnover: how near two solvers come to each other.


class Finding(NamedTuple):
    """Something that must not be: its kind, by which findings are counted once, and what was seen."""

    kind: str
    seen: str


def findings_of(results: list[Result], flaws: list[str]) -> list[Finding]:
    """All findings of a round."""
    found = [finding for result in results for finding in _of_command(result)]
    return found + [Finding(flaw.split("\n")[0].split(" | ")[0], flaw) for flaw in flaws]


def _of_command(result: Result) -> list[Finding]:
    verb, said = result.command[0], f"$ planner {' '.join(result.command)}\n{result.err}\n{result.trace}"
    if _is_long_study(result):
        return []
    if result.code is None:
        what = {27: "slow", 9: "killed", 6: "hangs"}.get(result.signal, f"signal {result.signal}")
        return [Finding(f"{what}: {verb} in {result.place}", said)]
    found = []
    if result.trace:
        error = (ERROR.findall(result.trace) or ["?"])[-1]
        found.append(Finding(f"{error} in {result.place}", said))
    elif result.code not in CODES.get(verb, SOLVING):
        found.append(Finding(f"exit code {result.code} of {verb}", said))
    if result.seconds > PROCESSOR:
        found.append(Finding(f"slow: {verb}", said))
    if "Traceback (most recent" in result.err:
        found.append(Finding(f"traceback shown by {verb}", said))
    if "Warning:" in result.err:
        line = next(line for line in result.err.splitlines() if "Warning:" in line)
        found.append(Finding(f"warning: {re.sub('[0-9]+', 'N', line.rpartition('planner/')[2])[:100]}", said))
    if result.code == 2 and verb == "validate":
        unplaced = [line for line in result.err.splitlines() if not PLACED.match(line)]
        if unplaced:
            found.append(Finding(f"refused without a place: {re.sub('[0-9]+', 'N', unplaced[0])[:60]}", said))
    return found


def _is_long_study(result: Result) -> bool:
    """Whether a sweep ended at the limit because of what was asked: so many runs, each of them quick."""
    runs = re.findall(r"of (\d+) runs done", result.err)
    return result.signal == 27 and bool(runs) and int(runs[-1]) > LONG_STUDY


def flaws_of_instance(lost: bool, folder: Path, results: list[Result]) -> list[str]:
    """Nonsense that was accepted, where commands were about `case.yaml`: asked in the process that ran them."""
    codes = {result.command[0]: result.code for result in reversed(results)}
    flaws = []
    if lost and codes.get("validate") == 0:
        flaws.append("accepted: an unknown word or a number that is none")
    refused = [r.err for r in results if r.command[:2] == ("solve", "case.yaml") and r.code == 2
               and "cannot-decompose" not in r.err]
    if codes.get("validate") == 0 and refused:
        flaws.append(f"valid, but refused by solve | {refused[0]}")
    if codes.get("validate") == 2 and codes.get("solve") not in (2, None):
        flaws.append("invalid, but accepted by solve")
    for run in (path.parent for path in sorted(folder.glob("run*/manifest.json"))):
        flaws += _unreadable_numbers(run)
    if codes.get("solve") in (0, 3):
        flaws += _against_the_reference(folder, next(r for r in results if r.command[0] == "solve"))
    return flaws + _not_the_same(folder, results)


def _unreadable_numbers(run: Path) -> list[str]:
    """Numbers in tables that are none."""
    flaws = []
    for name, layout in LAYOUTS.items():
        if not (run / f"{name}.csv").exists():
            continue
        with (run / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                wrong = [c for c in layout.numbers if c in row and not _is_fine(row[c], c in layout.blank)]
                flaws += [f"a number that is none in {name}.{c} | {row}" for c in wrong]
    return flaws


def _is_fine(cell: str, may_be_blank: bool) -> bool:
    try:
        return math.isfinite(float(cell)) if cell else may_be_blank
    except ValueError:
        return False


def _against_the_reference(folder: Path, solved: Result) -> list[str]:
    """The answer of the second reference is another."""
    scenario = solved.command[solved.command.index("--scenario") + 1] if "--scenario" in solved.command else None
    sets = [word.removeprefix("--set=") for word in solved.command if word.startswith("--set=")]
    try:
        wanted: float | str = reference_objective(load(folder / "case.yaml", scenario, sets).instances())
    except Infeasible:
        wanted = "infeasible"
    except Unbounded:
        wanted = "unbounded"
    except (RuntimeError, AssertionError, ArithmeticError, RecursionError):
        return []  # The reference, or the solver under it, cannot say.
    if solved.code == 3:
        return [f"no plan, but the reference has one | {wanted}\n{solved.err}"] if isinstance(wanted, float) else []
    summary = json.loads((folder / "run" / "summary.json").read_text("utf-8"))
    turnover = _turnover(folder / "run")
    if isinstance(wanted, str):
        return [f"a plan, but the reference says {wanted} | {summary['objective']}"]
    near = 1e-9 + NEAR * (abs(wanted) + turnover)
    if abs(summary["objective"] - wanted) > near:
        is_dearer = (summary["objective"] > wanted) == (summary.get("sense") != "maximise")
        said = "proven best, but not" if is_dearer else "better than possible"
        return [f"{said} | ours {summary['objective']}, reference {wanted}, near {near:.3g}"]
    return []


def _turnover(run: Path) -> float:
    """All money that changes hands, both ways."""
    with (run / "costs.csv").open(newline="", encoding="utf-8") as file:
        return math.fsum(abs(float(row["discounted"])) for row in csv.DictReader(file))


def _not_the_same(folder: Path, results: list[Result]) -> list[str]:
    """What is written is read as something else: the instance in the run folder gives another objective."""
    again = [r for r in results if r.command[:2] == ("solve", "run/instance.yaml")]
    if not again or not (folder / "run" / "summary.json").exists() or again[0].code == STOPPED:
        return []
    if again[0].code != 0:
        return [f"instance.yaml of a run ends with {again[0].code} | {again[0].err}"]
    texts = [(folder / name / "summary.json").read_text("utf-8") for name in ("run", "run2")]
    one, other = (json.loads(text)["objective"] for text in texts)
    near = 1e-9 + NEAR * (abs(one) + _turnover(folder / "run"))
    return [f"instance.yaml of a run is another problem | {one} {other}"] if abs(one - other) > near else []


def flaws_of_study(lost: bool, _: Path, results: list[Result]) -> list[str]:
    """A study that is carried out though its meaning is lost."""
    verbs = [result.command[0] for result in results if lost and result.code == 0]
    return [f"accepted by {verbs[0]}: an unknown word or a number that is none"] if verbs else []


def flaws_of_folder(damaged: list[str], _: Path, results: list[Result]) -> list[str]:
    """A run with damaged files that is read as if nothing were wrong."""
    verbs = dict.fromkeys(result.command[0] for result in results if damaged and result.code == 0)
    return [f"damaged run accepted by {verb} | {', '.join(damaged)}" for verb in verbs]
