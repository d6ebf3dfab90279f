"""Subject of a page: a title, key figures, switches and views, of a run, of several side by side, of a study."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from planner.common import words
from planner.reports.choices import Choices, switches
from planner.reports.questions import QUESTIONS, SPANS, absent
from planner.reports.view import View

if TYPE_CHECKING:
    from planner.reports.run import Run


@dataclass(frozen=True)
class Subject:
    """Everything the page says, before it becomes HTML. `paths` and `groups` are the nodes and groups of a future."""

    name: str
    title: str
    kicker: str
    lead: str
    headline: list[tuple[str, str, str]]
    questions: dict[str, str]
    views: tuple[View, ...]
    switches: Choices = field(default_factory=dict)
    paths: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    spans: dict[str, int] = field(default_factory=dict)  # Twelfths of the page's width by view, where not all.
    ranked: list[str] = field(default_factory=list)  # Futures, those first that a page with little room keeps.
    left_out: str = ""  # What there was no room for, and where it is.
    absent: dict[str, list[str]] = field(default_factory=dict)  # By question: what is not there, and how to get it.

    def with_futures(self, count: int) -> Subject:
        """The subject with a number of futures only, the first of `ranked`; views keep the rows of these."""
        kept = self.ranked[:count]
        paths = {name: path for name, path in self.paths.items() if name in kept}
        nodes = {node for path in paths.values() for node in path} | {""}
        views = tuple(_within(view, kept, nodes) if "future" in view.switches else view for view in self.views)
        choices = {name: [option for option in options if name != "future" or option[0] in paths]
                   for name, options in self.switches.items()}
        left = (f"There is room for {words.count(count, 'future')} of {len(self.paths)} on this page: the first and the"
                f" dearest. All are in the tables of the run, {self.name}.")
        return replace(self, paths=paths, views=views, switches=choices, left_out=left)

    @property
    def sections(self) -> list[tuple[str, str, list[View], list[str]]]:
        """The questions that something answers, and what is not there to answer them."""
        parts = [(name, said, [v for v in self.views if v.section == name], self.absent.get(name, []))
                 for name, said in self.questions.items()]
        return [part for part in parts if part[2] or part[3]]


def _within(view: View, futures: list[str], nodes: set[str]) -> View:
    """A view with the rows and sentences of some futures only."""
    said = view.said if view.says is None else view.says.with_futures(futures)
    if "node" not in view.table:
        return replace(view, said=said)
    return replace(view, said=said, table=view.table[view.table["node"].isin(nodes)].reset_index(drop=True))


def of_run(run: Run) -> Subject:
    return Subject(
        run.instance.name, run.name, f"run {run.manifest['run_sha256'][:8]}", run.instance.description or "",
        headline(run), QUESTIONS, run.views, switches(run), run.paths, run.groups, SPANS, _ranked(run),
        absent=absent(run),
    )


def _ranked(run: Run) -> list[str]:
    """The first future, then the dearest ones."""
    costs = run.tables["scenarios"].set_index("scenario")["cost"].to_dict()
    first, *others = run.paths
    return [first, *sorted(others, key=lambda name: -float(costs.get(name, 0.0)))]


def headline(run: Run) -> list[tuple[str, str, str]]:
    """Key figures: value, unit, what it is."""
    figures, unit = run.figures, run.instance.units.money
    shown = [(words.amount(figures["expected_cost"]), unit,
              "expected value" if figures["sense"] == "maximise" else "expected discounted cost"),
             (words.amount(figures["capital_cost"]), unit, words.count(figures["projects_decided"], "decision"))]
    if figures["served"]:
        worst = min(figures["served"], key=lambda row: float(row["served"]))
        shown.append((words.share(worst["served"]), "", f"served at worst: {worst['class']} in {worst['future']}"))
    if figures["gap"] is not None:
        shown.append((words.percent(figures["gap"], 2), "", "from the best possible, proven"))
    return shown
