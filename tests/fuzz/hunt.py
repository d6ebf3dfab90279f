"""The hunt: round after round, every kind of finding kept once with the least damage that shows it."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import planner
from planner.reading.document import load
from planner.validation.validate import validate
from tests.fuzz.corpus import FILES, ROOT, trees
from tests.fuzz.judge import Finding, findings_of
from tests.fuzz.kinds import KINDS, WEIGHTS, Round, Source, preparation
from tests.fuzz.worker import Result, run


class Found(NamedTuple):
    """A finding and the round that showed it first."""

    finding: Finding
    round: str


@dataclass
class Hunt:
    """Rounds of one seed; findings are written into `folder`, one file each, as soon as they are there."""

    seed: int
    folder: Path
    kinds: Sequence[str] = tuple(KINDS)
    rounds: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    found: dict[str, Found] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepared = Path(tempfile.mkdtemp(prefix="fuzz-prepared-"))
        results, _ = run(self.prepared, preparation(self.prepared), lambda _folder, _results: [])
        failed = [result for result in results if result.code != 0]
        assert not failed, failed

    def close(self) -> None:
        """Remove what was prepared."""
        shutil.rmtree(self.prepared, ignore_errors=True)

    def go_on(self, seconds: float, most: int, first: int = 0) -> None:
        """Rounds until the time is over or there were so many."""
        until, number = time.monotonic() + seconds, first
        while time.monotonic() < until and number < first + most:
            self.round(number)
            number += 1

    def round(self, number: int) -> list[Finding]:
        """One round; a finding of a new kind is made smaller and written."""
        kind = self._kind(number)
        damages = list(range(random.Random(f"{self.seed} {number} count").choices([1, 2, 3, 4], [6, 3, 2, 1])[0]))
        findings, results = self._try(kind, number, damages)
        self.rounds[kind] += 1
        self.ends.update(f"{result.command[0]} {result.code}" for result in results)
        for finding in findings:
            self.times[finding.kind] += 1
            if finding.kind not in self.found:
                self._keep(kind, number, damages, finding)
        return findings

    def _kind(self, number: int) -> str:
        weights = [WEIGHTS[kind] for kind in self.kinds]
        return random.Random(f"{self.seed} {number} kind").choices(self.kinds, weights)[0]

    def _try(
        self, kind: str, number: int, damages: list[int], keep: Path | None = None
    ) -> tuple[list[Finding], list[Result]]:
        """The findings of a round with some of its damages; internal errors come with their trace.

        With `keep` the files of the round stay there.
        """
        for tracing in (False, True):
            with self._made(kind, number, damages) as (folder, made):
                results, flaws = run(folder, made.commands, made.examine, tracing)
                if keep is not None:
                    shutil.rmtree(keep, ignore_errors=True)
                    shutil.copytree(folder, keep, symlinks=True)
                    (keep / "round.txt").write_text("\n".join(made.said), "utf-8", "replace")
            findings = findings_of(results, flaws)
            if not any(finding.kind.startswith("exit code") for finding in findings):
                break
        return findings, results

    @contextmanager
    def _made(self, kind: str, number: int, damages: list[int]) -> Iterator[tuple[Path, Round]]:
        """The files of a round in a folder of its own."""
        chances = [random.Random(f"{self.seed} {number} {damage}") for damage in damages]
        source = Source(random.Random(f"{self.seed} {number}"), chances, self.prepared)
        with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as folder:
            yield Path(folder), KINDS[kind](Path(folder), source)

    def _keep(self, kind: str, number: int, damages: list[int], finding: Finding) -> None:
        """Write a finding with as little of the damage as shows it."""
        self.found[finding.kind] = Found(finding, f"{kind} seed {self.seed} round {number}")
        for one in list(damages):
            fewer = [damage for damage in damages if damage != one]
            if fewer and any(other.kind == finding.kind for other in self._try(kind, number, fewer)[0]):
                damages = fewer
        name = "".join(c if c.isalnum() else "-" for c in finding.kind)[:100]
        place = self.folder / name
        findings, _ = self._try(kind, number, damages, keep=place)
        shown = next((other for other in findings if other.kind == finding.kind), finding)
        again = f"python -m tests.fuzz --seed {self.seed} --round {number} --kinds {' '.join(self.kinds)}"
        text = f"{shown.kind}\n{again}\ndamages {damages}\n\n{shown.seen}\n"
        (place / "finding.txt").write_text(text, "utf-8", "replace")

    def summary(self) -> str:
        """Rounds by kind, how commands ended, findings by kind with how often and where first."""
        total = sum(self.rounds.values())
        lines = [f"seed {self.seed}: {total} rounds, {len(self.found)} kinds of findings, kept in {self.folder}"]
        lines += ["rounds  " + ", ".join(f"{kind} {count}" for kind, count in sorted(self.rounds.items()))]
        lines += ["ends    " + ", ".join(f"{end} x{count}" for end, count in sorted(self.ends.items()))]
        lines += [f"{self.times[k]:6}  {k}   ({found.round})" for k, found in sorted(self.found.items())]
        return "\n".join(lines)


def warm_up() -> None:
    """Import what commands import and compile the rules, so that no round has to. No solver may run before a fork."""
    for module in pkgutil.walk_packages(planner.__path__, "planner."):
        if not any(word in module.name for word in ("__main__", "sppy", "mpi", "dask")):
            importlib.import_module(module.name)
    for name in ("altair", "pyarrow", "vl_convert", "xlsxwriter", "jinja2"):
        importlib.import_module(name)
    trees()
    for file in FILES[:3]:
        validate(load(ROOT / file))
        planner.build(ROOT / file)
    gc.freeze()
