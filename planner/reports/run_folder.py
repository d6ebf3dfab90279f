"""A run opened from its folder: tables with numbers as numbers, the instance as solved, figures and manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.common.caching import CacheOwner
from planner.language.instance import Instance
from planner.reading.document import Document, load
from planner.results.folder import Folder, open_folder
from planner.results.write import PACKAGE, RESOLVED, SUMMARY

if TYPE_CHECKING:
    from planner.reports.notebook import Shown
    from planner.reports.view import View


@dataclass(frozen=True, eq=False)
class Opened(CacheOwner):
    """A finished run as it lies on disk; make one with `open_run`."""

    held: Folder
    tables: dict[str, pd.DataFrame]
    fields: dict[str, list[dict[str, str]]]
    figures: dict[str, Any]
    document: Document

    @property
    def folder(self) -> Path:
        return self.held.path

    @property
    def manifest(self) -> Mapping[str, Any]:
        return self.held.manifest

    @property
    def instance(self) -> Instance:
        return self.document.instance

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
        """What the switches stand at before anything is chosen."""
        from planner.reports.choices import first

        return first(self)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """Every chart of the report with its table, in the order of the reader's questions."""
        from planner.reports.questions import all_views

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


def open_run(folder: str | Path) -> Opened:
    """Open the folder of a run. InputError when it does not hold one, or not as it was written."""
    held = open_folder(Path(folder))
    fields = {part["name"]: part["schema"]["fields"] for part in held.json(PACKAGE)["resources"]}
    document = load(held.path / RESOLVED, borrowed=True)
    return Opened(held, held.tables(), fields, held.json(SUMMARY), document)
