"""Screens of studies: progress while they run, sensitivities, and projects built in all futures."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.text import Text

from planner.common.words import amount, number, percent, year
from planner.tables.frames import short
from planner.terminal.run import frame
from planner.workflows.sweep.sensitivity import ranking

if TYPE_CHECKING:
    from planner.workflows.sweep.engine import News
    from planner.workflows.sweep.forecast import Forecast
    from planner.workflows.sweep.sweep import Sweep

MOST = 15
COUNTED = {"one_way": "runs", "grid": "cells", "sobol": "blocks of runs", "morris": "trajectories", "ranks": "runs"}
OFTEN, SELDOM = 0.5, 10.0  # Seconds between lines on a terminal, and in a file.


class SweepProgress:
    """Runs done, running, failed and the time left, on standard error."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._is_terminal = quiet, sys.stderr.isatty()
        self._last, self._width = -math.inf, 0

    def __enter__(self) -> SweepProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width and self._is_terminal:
            sys.stderr.write("\r" + " " * self._width + "\r")

    def tell(self, news: News) -> None:
        now = time.monotonic()
        is_due = now - self._last >= (OFTEN if self._is_terminal else SELDOM) or news.done == news.total
        if self._quiet or not is_due:
            return
        self._last = now
        left = f", about {span(news.seconds_left)} left" if math.isfinite(news.seconds_left) else ""
        text = f"{news.done} of {news.total} runs done, {news.running} running, {news.failed} failed{left}"
        self._width = max(self._width, len(text))
        sys.stderr.write("\r" + text.ljust(self._width) if self._is_terminal else text + "\n")
        sys.stderr.flush()


def span(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def show_plan(found: Forecast, console: Console) -> None:
    """The runs a study would make."""
    study = found.file.study
    console.print(Text(study.title or study.study, style="bold"))
    kind = "linear relaxations" if study.relaxation else "integer runs"
    console.print(f"{len(found.jobs):,} {kind} of {found.nonzeros:,} nonzeros, design {study.design.kind}, "
                  f"{len(found.file.factors)} factors; about {span(found.seconds)} with {found.workers} workers")
    table = frame([("run", "right"), ("seed", "right"), ("values", "left")])
    for job in found.jobs[:MOST]:
        values = ", ".join(f"{k} {number(v)}" if isinstance(v, float) else f"{k} {v}" for k, v in job.values.items())
        table.add_row(str(job.number), str(job.seed), Text(values or "the instance as it stands"))
    console.print(table)
    if len(found.jobs) > MOST:
        console.print(f"... and {len(found.jobs) - MOST:,} more (--json shows all)")


def show_sweep(done: Sweep, console: Console) -> None:
    """Outcomes of the runs, sensitivity of the objective, the no-regret table."""
    study = done.file.study
    console.print(Text(study.title or study.study, style="bold"))
    known = len(done.records) - done.solved
    before = f", {known:,} of them before" if known else ""
    console.print(f"{len(done.records):,} of {len(done.jobs):,} runs done{before}")
    statuses = pd.Series([r["status"] for r in done.records.values()]).value_counts()
    if set(statuses.index) != {"optimal"}:
        console.print(Text("  " + ", ".join(f"{n} {status}" for status, n in statuses.items()), style="yellow"))
    if done.damaged:
        text = f"{done.damaged} damaged lines of the ledger were skipped; their runs were solved again"
        console.print(Text(text, style="yellow"))
    for record in done.wrong:
        console.print(Text(f"WRONG run {record['number']}: {record['reason']}", style="bold red"))
    again = sum("again" in r for r in done.records.values())
    if again:
        console.print(f"{again} of them solved again from scratch" + (", with the same result" * (not done.wrong)))
    if done.tables:
        _sensitivity(done.tables["sensitivity"], console)
        _regret(done.tables["no_regret"], console)
        console.print(Text.assemble("Tables in ", (f"{done.folder}/tables/", "bold")))
    else:
        console.print("The last shard writes the tables.")


def _sensitivity(rows: pd.DataFrame, console: Console) -> None:
    """The factors that the objective is most sensitive to, by the design's own measure."""
    own = ranking(rows[rows["figure"] == "objective"])
    if own.empty:
        return
    measure = str(own["measure"].iloc[-1]).replace("_", " ")
    table = frame([("factor", "left"), ("at", "right"), (measure, "right"), ("95 %", "right")])
    for row in own.head(MOST).to_dict("records"):
        ends = f"{amount(row['low'])} to {amount(row['high'])}" if pd.notna(row["low"]) else ""
        value = amount(row["value"]) if pd.notna(row["value"]) else str(row["measure"]).replace("_", " ")
        table.add_row(Text(row["factor"]), short(row["at"]), value, ends)
    console.print(Text("\nSensitivity of the objective", style="bold"))
    console.print(table)
    used, of = own["used"].sum(), own["of"].sum()
    if used < of:
        one = own.iloc[0]
        said = f"{one['used']:,} of {one['of']:,} {COUNTED[one['method']]}" if one["used"] else "The others"
        console.print(Text(f"{said} have a plan throughout; figure has_plan in sensitivity.csv says what decides that.",
                           style="yellow"))


def _regret(rows: pd.DataFrame, console: Console) -> None:
    """Projects by the share of runs that build them."""
    counts = rows["verdict"].value_counts()
    said = ", ".join(f"{counts.get(v, 0)} {v}" for v in ("always", "depends", "never"))
    console.print(Text(f"\nShare of runs that build each project: {said}", style="bold"))
    without = int((rows["runs"] - rows["plans"]).max()) if len(rows) else 0
    if without:
        said = f"{without:,} of {rows['runs'].iloc[0]:,} runs have no plan and build nothing."
        console.print(Text(said, style="yellow"))
    table = frame([("project", "left"), ("region", "left"), ("runs", "right"), ("year", "right"), ("driver", "left")])
    shown = rows[rows["verdict"] != "never"]
    for row in shown.head(MOST * 2).to_dict("records"):
        driver = f"{row['driver']} ({row['strength']:+.2f})" if row["driver"] else ""
        share, median = percent(row["share"], 0), year(row["median_year"])
        table.add_row(Text(row["title"]), row["region"], share, median, Text(driver))
    console.print(table)
