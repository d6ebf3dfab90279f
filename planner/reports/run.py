"""A run as a script has it, just solved or opened from its folder: tables, figures, manifest, charts, instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pandas as pd

from planner.common.caching import CacheOwner
from planner.common.errors import NoAnswerError
from planner.common.profiling import Clock
from planner.language.instance import Instance
from planner.reading.document import load
from planner.results.folder import Folder, open_folder
from planner.results.recall import told
from planner.results.write import RESOLVED
from planner.workflows import evaluate as evaluation
from planner.workflows import solve as solving

if TYPE_CHECKING:
    from planner.reports.notebook import Shown
    from planner.reports.view import View


@dataclass(frozen=True, eq=False)
class Run(solving.Solved, CacheOwner):
    """A run that shows itself: what `planner.solve` returns, and `planner.open_run` of its folder.

    `tables` are those of the folder by name, `figures` those of `summary.json`; `outcome` says how the search ended.
    Without a plan `folder` is None and there are no tables.
    """

    opened: Folder | None = None  # The folder as it was opened; of a run just solved it is opened when it is needed.

    @classmethod
    def of(cls, solved: solving.Solved) -> Run:
        """The run that was solved."""
        return cls(**vars(solved))

    @cached_property
    def held(self) -> Folder:
        """The files of its folder, as written. NoAnswerError without a plan: nothing was written."""
        if self.folder is None:
            raise NoAnswerError("there is no plan to show", self.outcome.status)
        return self.opened or open_folder(self.folder)

    @property
    def manifest(self) -> Mapping[str, Any]:
        return self.held.manifest

    @property
    def name(self) -> str:
        return self.instance.title or self.instance.name

    @cached_property
    def instances(self) -> dict[str, Instance]:
        """The instance that holds in every future, in every shock's window and in every loss the plan withstands."""
        found = self.document.instances()
        unknown = set(self.tables["nodes"]["source"]) - found.keys()
        if unknown:
            from planner.formulation.contingencies import losses, withstanding

            found = withstanding(found, [loss for loss in losses(found) if loss.name in unknown])
        return found

    @cached_property
    def sources(self) -> dict[str, str]:
        """The future or shock whose figures hold at a node."""
        nodes = self.tables["nodes"]
        return dict(zip(nodes["node"], nodes["source"], strict=True))

    def at(self, node: str) -> Instance:
        """The instance that holds at a node."""
        return self.instances[self.sources[node]]

    def country(self, region: str) -> str:
        """The country of a region in words, or the name as it stands."""
        part = self.instance.regions.get(region)
        return (part.country if part else None) or region

    def region(self, name: str) -> str:
        """A region in words."""
        part = self.instance.regions.get(name)
        return (part.title if part else None) or name

    @cached_property
    def paths(self) -> dict[str, list[str]]:
        """The nodes that each future, or each window of a shock with its past, passes through, in order of time."""
        nodes = self.tables["nodes"].set_index("node", drop=False)
        last: dict[str, str] = {}
        for row in nodes.sort_values("year", kind="stable").to_dict("records"):
            for future in row["futures"].split(";"):
                last[future] = row["node"]
        return {future: _ancestry(nodes, node) for future, node in last.items()}

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The groups of decisions of each path."""
        nodes = self.tables["nodes"].set_index("node")["group"].to_dict()
        return {future: sorted({str(nodes[n]) for n in path} - {""}) for future, path in self.paths.items()}

    @cached_property
    def first(self) -> dict[str, Any]:
        """State of the switches before anything is chosen."""
        from planner.reports.choices import first

        return first(self)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """Every chart of the report with its table, in the order of the reader's questions; errors as of `held`."""
        from planner.reports.questions import all_views

        _ = self.held  # Without a plan there is nothing to show.
        return all_views(self)

    def view(self, name: str) -> View:
        """One chart with its table, such as `run.view("plan")`; KeyError with the names there are."""
        found = {view.name: view for view in self.views}
        if name not in found:
            raise KeyError(f"no view {name}: there are {', '.join(found)}")
        return found[name]

    def show(self, name: str, **chosen: Any) -> Shown:
        """A view under the switches future, year, element, region: `run.show("plan", region="US")`."""
        from planner.reports.notebook import show

        return show(self, name, **chosen)

    def _repr_html_(self) -> str:
        from planner.reports.notebook import shown_run

        return shown_run(self)


def _ancestry(nodes: pd.DataFrame, node: str) -> list[str]:
    path = [node]
    while parent := str(nodes.at[path[-1], "parent"]):
        path.append(parent)
    return path[::-1]


def open_run(folder: str | Path) -> Run:
    """Open the folder of a run. InputError when it does not hold one, or not as it was written."""
    held = open_folder(Path(folder))
    known = told(held)
    document = load(held.path / RESOLVED, borrowed=True)
    clock = Clock(None)
    clock.seconds |= known.seconds
    return Run(
        document, known.outcome, held.path, known.tables, known.figures, known.check, None, (), clock, recalled=True,
        opened=held,
    )


@dataclass(frozen=True, eq=False)
class Evaluation(evaluation.PlanEvaluation):
    """Evaluation of a plan in other futures, with a run that shows itself."""

    run: Run

    @classmethod
    def of(cls, found: evaluation.PlanEvaluation) -> Evaluation:
        """The evaluation that was made."""
        return cls(Run.of(found.run), found.made_for, found.alike)


Given = ParamSpec("Given")
Made = TypeVar("Made")
Shows = TypeVar("Shows")


def _shown(inner: Callable[Given, Made], made: Callable[[Made], Shows]) -> Callable[Given, Shows]:
    """The function with the same arguments, whose result shows itself."""

    @wraps(inner)
    def outer(*args: Given.args, **kwargs: Given.kwargs) -> Shows:
        return made(inner(*args, **kwargs))

    shows = signature(inner).replace(return_annotation=signature(made).return_annotation)
    vars(outer)["__signature__"] = shows  # What `help` tells.
    return outer


solve = _shown(solving.solve, Run.of)
evaluate = _shown(evaluation.evaluate, Evaluation.of)
