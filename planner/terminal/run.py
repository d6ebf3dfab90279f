"""Screens of a run: progress while it works, one screen when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from planner.common.profiling import PeakScope, Phase
from planner.common.words import amount, count, listed, percent, total, year
from planner.results.summary import signed
from planner.solving.firmness import FIRM
from planner.solving.outcome import SearchProgress
from planner.workflows.solve import Solved

MOST_PROJECTS = 16
MOST_FUTURES = 24
MOST_CLASSES = 6  # Side by side.
FULL = 1 - 1e-6  # A share from which no user counts as short.
HEADLINES = {
    "stopped": "Stopped early with the best plan after",
    "interrupted": "Interrupted with the best plan after",
}


class Ticker:
    """Phases and the search's progress on standard error, at most twice a second."""

    def __init__(self) -> None:
        self._last = 0.0
        self._open = sys.stderr.isatty()
        self._width = 0

    def phase(self, name: str) -> None:
        self._show({"load": "reading", "validate": "validating", "build": "building the model",
                    "solve": "solving", "tables": "making tables", "firmness": "asking what is firm",
                    "write": "writing tables",
                    "check": "checking", "explain": "looking for the conflict"}.get(name, name), always=True)

    def progress(self, news: SearchProgress) -> None:
        gap = "" if news.gap > 10 else f"  gap {percent(news.gap, 2)}"
        best = "none yet" if abs(news.incumbent) > 1e30 else total(news.incumbent)
        bound = "none yet" if abs(news.bound) > 1e30 else total(news.bound)
        self._show(f"solving {news.seconds:5.0f} s  cost {best}  bound {bound}{gap}")

    def stopping(self) -> None:
        self._show("stopping; the best plan so far is kept (Ctrl-C three times abandons it)", always=True)

    def _show(self, text: str, always: bool = False) -> None:
        now = time.monotonic()
        if not always and now - self._last < (0.5 if self._open else 5.0):
            return
        self._last = now
        if self._open:
            sys.stderr.write("\r" + text.ljust(self._width))
            self._width = max(self._width, len(text))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self._open and self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


def show_run(run: Solved, console: Console) -> None:
    """One screen: what to build, where, when, at what cost; what is served; where the tables are."""
    console.print(_headline(run))
    for warning in run.warnings[:5]:
        console.print(Text(f"  note: {warning}", style="yellow"))
    if run.tables["plan"].empty:
        console.print("Nothing is built.\n")
    else:
        console.print(_plan(run))
        console.print()
    console.print(_costs(run))
    if not run.tables["demand"].empty:
        console.print(_served(run))
    console.print(_requirements(run))
    if "outages" in run.tables:
        console.print(_losses(run))
    if run.check is not None:
        tests = sum(run.check.tests.values())
        console.print(f"Checked independently: {tests:,} tests passed. Tables and summary in ", end="")
        console.print(Text(f"{run.folder}/", style="bold"))


def _headline(run: Solved) -> Text:
    outcome, instance = run.outcome, run.instance
    gap = f", proven within {percent(outcome.gap, 2)} of the best possible" if outcome.gap > 1e-9 else ", proven best"
    if outcome.gap == float("inf"):
        gap = ", no bound proven"
    name = instance.title or instance.name
    word = "value" if instance.objective.sense == "maximise" else "cost"
    named = word if instance.objective.risk is None else "objective"
    money = instance.units.money
    worth = f"{total(signed(instance, outcome.objective))} {money}"
    before = "Read from an earlier identical run (use --force to solve again); it took"
    solved = before if run.recalled else "Solved in"
    solved = solved if outcome.status == "optimal" else HEADLINES[outcome.status]
    weighed = ""
    if instance.objective.risk is not None:
        risk, ends = instance.objective.risk, [total(run.figures[f"{which}_cost"]) for which in ("expected", "worst")]
        weighed = f"The objective weighs risk ({risk.measure}, weight {risk.weight:g}): expected {word} "
        weighed += f"{ends[0]} {money}, worst {ends[1]} {money}.\n"
    return Text.assemble(
        (f"{name}\n", "bold"), f"{solved} {_duration(run)}: {named} {worth}{gap}.\n", weighed,
        _published(run),
    )


def _duration(run: Solved) -> str:
    """Time since reading the instance, and of the search alone; for a run read back, the times recorded then."""
    search = f"{run.outcome.seconds:.1f} s"
    return search if run.recalled else f"{run.clock.elapsed:.1f} s (search {search})"


def _published(run: Solved) -> str:
    """Whether the optimum that the source of a published case states was met, to the digits it prints."""
    stated = run.instance.published_optimum
    if stated is None:
        return ""
    digits = len(f"{stated:.15g}".partition(".")[2])
    off = abs(signed(run.instance, run.outcome.objective) - stated)
    printed = max(0.5 * 10.0**-digits if digits else 0.0, 1e-9 * abs(stated))
    found = "not met: is this the case as published?"
    if off <= printed + run.outcome.gap * abs(stated):
        found = "met" if off <= printed else "met within the gap"
    return f"The published optimum, {stated:,.{digits}f}, is {found}\n"


def frame(columns: list[tuple[str, str]], space: int = 2) -> Table:
    """A plain table; every column with its name and where it is aligned."""
    padding = (0, space, 0, 0)
    table = Table(box=None, pad_edge=False, padding=padding)
    for name, justify in columns:
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    return table


def _plan(run: Solved) -> Group:
    plan = run.tables["plan"]
    adaptive = bool((plan["group"] != plan["period"]).any())  # Decisions that wait for news.
    money, shown = run.instance.units.money, plan.nlargest(MOST_PROJECTS, "capital_cost").sort_values("decided")
    hidden = len(plan) - len(shown)
    expected = " expected" if adaptive else ""
    capital = amount(run.figures["capital_cost"])
    title = f"Build: {count(len(plan), 'decision')}, {capital} {money} of capital{expected}"
    if hidden:
        title += f" ({len(shown)} largest; {hidden} more in plan.csv)"
    columns = [("project", "left"), ("region", "left"), ("stage", "left"), ("decide", "right"), ("online", "right"),
               (f"size {run.instance.units.quantity}/yr", "right"), (money, "right")]
    firm = firmness(plan)
    table = frame([*columns, *([("firm", "left")] if firm else []), *([("in", "left")] if adaptive else [])])
    for row in shown.to_dict("records"):
        table.add_row(
            Text(_short(row["title"] or row["project"], 28 if adaptive else 44)), row["region"], row["stage"],
            str(row["period"]), _online(row), amount(row["size"]),
            amount(row["capital_cost"]), *(["yes" if row["standing"] == FIRM else ""] if firm else []),
            *([Text(_short(row["group"].partition(":")[0], 24))] if adaptive else []),
        )
    return Group(Text(title, style="bold"), table, *([Text(firm)] if firm else []))


def firmness(plan: pd.DataFrame) -> str:
    """Number of projects of a plan that are proven to be needed."""
    asked = plan[plan["standing"] != ""].drop_duplicates("project")
    firm = int((asked["standing"] == FIRM).sum())
    if asked.empty:
        return ""
    if not firm:
        return "No project is firm: a plan without any one of them may cost the same, as far as is proven."
    if len(asked) == 1:
        return "The project is firm: every plan without it is proven dearer."
    if firm == len(asked):
        return f"Firm: all {firm} projects: every plan without one of them is proven dearer."
    return (f"Firm: {firm} of {count(len(asked), 'project')}: every plan without one of them is proven dearer."
            " The others may be exchanged within what is proven.")


def _online(row: Mapping[Any, Any]) -> str:
    """When a project works as planned, and in brackets when it really does where measures slow the work."""
    planned, first, last = (row[name] for name in ("planned_online", "online_first", "online_last"))
    if pd.isna(first):
        return f"{_year(planned)} (never)"
    if first == last == planned:
        return _year(planned)
    return f"{_year(planned)} ({_year(first)}" + (")" if first == last else f" to {_year(last)})")


def _year(value: float) -> str:
    return "never" if pd.isna(value) else year(value)


def _costs(run: Solved) -> Text:
    items = sorted(run.figures["cost_by_item"].items(), key=lambda item: -abs(item[1]))
    words = ", ".join(f"{name.replace('_', ' ')} {amount(total)}" for name, total in items if abs(total) > 1e-9)
    return Text.assemble(("Discounted cost by item ", "bold"), f"({run.instance.units.money}): {words}\n")


def _served(run: Solved) -> Group:
    """One row per future, and one per shock: of all its onsets the one that leaves each class the worst served.

    Classes that are served in full everywhere, such as those that must be, and those there is no room for, are named
    below.
    """
    shares, nodes = pd.DataFrame(run.figures["served"]), run.tables["nodes"]
    losses = set(nodes.loc[nodes["onset"].notna() & ~nodes["source"].isin(list(run.instance.shocks)), "future"])
    shares = shares[~shares["future"].isin(list(losses))]  # They have a table and a line of their own.
    opened = nodes[nodes["onset"].notna()]
    windows = dict(zip(opened["future"], opened["source"], strict=True))
    shares = shares.assign(row=[windows.get(name, name) for name in shares["future"]])
    classes, full = _short_classes(shares)
    title = Text("Share of demand served over the horizon or window (worst demand in its worst year)", style="bold")
    every = f"Served in full in {_everywhere(shares, windows)}: {listed(full)}" if full else ""
    if not classes:
        return Group(Text(every))
    table = frame([("future", "left"), ("chance", "right"), *((c, "right") for c in classes)], space=1)
    parts = dict(list(shares.groupby("row", sort=False)))
    drawn = _worst_served(parts)
    for row in drawn:
        part = parts[row]
        worst = part.sort_values("served").drop_duplicates("class").set_index("class").to_dict("index")
        cells = [_share(worst.get(c)) for c in classes]
        name = f"{row}, worst of {count(part['future'].nunique(), 'onset')}" if row in windows.values() else str(row)
        table.add_row(Text(name), percent(_chance(run, set(part["future"])), 0), *cells)
    hidden = f"{len(drawn)} worst served of {len(parts):,}; all are in summary.csv" if len(drawn) < len(parts) else ""
    rest = shares["class"].nunique() - len(classes) - len(full)
    beside = f"{len(classes)} worst served of {len(classes) + rest:,} classes; all are in summary.csv" if rest else ""
    notes = [text for text in (hidden, beside, every, _by_choice(shares)) if text]
    return Group(title, table, *map(Text, notes))


def _short_classes(shares: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The classes that go short anywhere, the worst served where these are too many; and those that never do."""
    worst = shares.groupby("class", sort=False)[["served", "worst_served"]].min().min(axis=1)
    short = worst[worst < FULL]
    shown = set(short.nsmallest(MOST_CLASSES).index)
    return [str(name) for name in worst.index if name in shown], [str(name) for name in worst.index[worst >= FULL]]


def _everywhere(shares: pd.DataFrame, windows: Mapping[str, str]) -> str:
    futures = [name for name in dict.fromkeys(shares["future"]) if name not in windows]
    said = "the only future" if len(futures) == 1 else f"all {len(futures):,} futures"
    shocks = len(set(shares["future"]) & set(windows))
    return f"{said} and all {count(shocks, 'window')} of shocks" if shocks else said


def _by_choice(shares: pd.DataFrame) -> str:
    """Users who go short although there are goods, if most of the shortage is chosen."""
    most = shares.sort_values("chosen", ascending=False).drop_duplicates("class")
    told = [f"{row['class']} {percent(row['chosen'])} of {percent(1 - row['served'])} in {row['row']}"
            for row in most.to_dict("records") if row["chosen"] >= 5e-4]
    if not told:
        return ""
    return "Short by choice, while goods for it are stored, sold or thrown away: " + ", ".join(told)


def _worst_served(parts: Mapping[Any, pd.DataFrame]) -> list[Any]:
    """The rows that are shown: all, or where these are too many the worst served, in the order they stand in."""
    worst = sorted(parts, key=lambda row: float(parts[row]["served"].min()))[:MOST_FUTURES]
    return [row for row in parts if row in set(worst)]


def _chance(run: Solved, futures: set[str]) -> float:
    """Chance of the futures, or of the windows of a shock; a future counts with what may break into it."""
    listed = run.tables["scenarios"]
    names = listed["scenario"].str.replace(" then .*", "", regex=True)
    is_window = bool(set(names) & futures) and not (set(listed["future"]) & futures)
    return float(listed.loc[(names if is_window else listed["future"]).isin(futures), "probability"].sum())


def _share(row: Mapping[Any, Any] | None) -> Text:
    if row is None:
        return Text("-")
    text = percent(row["served"])
    if row["worst_served"] < row["served"] - 5e-4:
        text += f" ({percent(row['worst_served'], 0)} {row['worst_year']:.0f})"
    return Text(text, style="red" if row["served"] < 0.95 else "")


def _requirements(run: Solved) -> Text:
    rows = run.tables["requirements"]
    if rows.empty:
        return Text("")
    missed = rows[rows["violation"] > 1e-6]
    text = Text.assemble(("\nRequirements: ", "bold"), f"{len(rows) - len(missed)} of {len(rows)} rows met")
    if len(missed):
        names = ", ".join(f"{name} ({n})" for name, n in missed["requirement"].value_counts().items())
        text.append(f"; missed at a price: {names}", style="yellow")
    return text


def _losses(run: Solved) -> Text:
    """Number of losses tried, number prepared for, and the worst of them."""
    tried = run.tables["outages"]
    if tried.empty:
        return Text("")
    first = tried.sort_values("rank").iloc[0]
    text = f"{count(len(tried), 'loss')} tried" if len(tried) == 1 else f"{len(tried):,} losses tried"
    text += f", {int(tried['added'].sum())} prepared for; furthest from its target {first['lost']} in {first['node']}"
    text += f": {percent(first['served_unprepared'])} served unprepared, {percent(first['served'])} by this plan"
    text += f" (worst demand {first['worst_demand']} {percent(first['worst_served'])})"
    return Text.assemble(("Losses: ", "bold"), text)


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def show_conflict(run: Solved, console: Console) -> None:
    """Why there is no plan, in words."""
    if run.outcome.status not in ("infeasible", "unbounded"):
        console.print("Stopped before a first plan was found; one may exist. Nothing was written.")
        return
    is_endless = run.outcome.status == "unbounded"
    first = "No plan is best: the instance is unbounded." if is_endless else "No plan satisfies this instance."
    console.print(Text(first, style="bold red"))
    if run.explanation is not None:
        console.print(Text(str(run.explanation)))
    else:
        conflict = "Infeasible, but no conflicting statements could be isolated."
        console.print("Unbounded: a sale or credit has no limit." if is_endless else conflict)


def show_profile(phases: Sequence[Phase], marks: PeakScope, console: Console) -> None:
    """Seconds and memory of each phase."""
    peak = {"phase": "peak MB", "so far": "peak MB so far", "unknown": "peak MB"}[marks]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("phase", "seconds", "share", peak):
        table.add_column(name, justify="left" if name == "phase" else "right")
    for phase in phases:
        memory = f"{phase.peak_megabytes:,.0f}" if phase.peak_megabytes is not None else ""
        table.add_row(phase.name, f"{phase.seconds:.2f}", f"{phase.share:.1%}", memory)
    console.print(Group(Text(), table))
