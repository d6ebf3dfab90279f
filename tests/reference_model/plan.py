"""The reference's investments: what is decided in which nodes, what it costs, what capacity follows.

A decision's size is read at the first node of its group, its cost and lead time at the node of decision. A
figure that limits a whole path is read at the path's first node, as the initial stock is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from planner.language.instance import Instance, Project, ProjectGroup
from tests.reference_model.control import pace_and_dearer
from tests.reference_model.futures import Tree
from tests.reference_model.program import Program, Terms
from tests.reference_model.tree import MOMENT, Node, matches, money_per_price
from tests.reference_model.work import Step, Work, availability, in_service, work_until


class Plan:
    """The investment part of the problem of an instance and its futures."""

    def __init__(self, instances: Mapping[str, Instance]) -> None:
        self.instances = instances
        self.trunk = next(iter(instances.values()))
        self.time = self.trunk.time
        self.program = Program()
        self.column = self.program.columns
        self.money = money_per_price(self.trunk)
        self.tree = Tree(self.trunk)
        self.nodes, self.leaves = self.tree.nodes, self.tree.leaves
        # What a node costs when it happens, discounted, per unit of each variable.
        self.costs: dict[Node, dict[int, float]] = {node: defaultdict(float) for node in self.nodes}
        self.works: dict[tuple[str, Node, Node], Work] = {}
        self.groups: dict[object, list[Node]] = defaultdict(list)
        self.largest: dict[tuple[str, object], float] = {}
        self.moved: dict[tuple[str, str], list[tuple[str, str, str, str]]] = {}
        for node in self.nodes:
            self.groups[self.group(node)].append(node)
        self.decide()
        self.share_limits()

    def group(self, node: Node) -> object:
        """Nodes of one group share their decisions; nobody plans ahead what is decided in a window."""
        return node.period if self.trunk.plan == "common" and not node.is_window else node

    def data(self, node: Node) -> Instance:
        """The instance as it holds in the node."""
        return self.instances[node.source]

    def pay(self, node: Node, yearly: float, column: int) -> None:
        """A yearly cost of the node per unit of a variable."""
        self.costs[node][column] += node.length * node.factor * yearly

    def decide(self) -> None:
        """Every project in every group of nodes in which it may be decided; closures of what exists."""
        for name in self.trunk.projects:
            for group, nodes in self.groups.items():
                project = self.data(nodes[0]).projects[name]
                early = project.earliest is not None and nodes[0].start < project.earliest - MOMENT
                late = project.latest is not None and nodes[0].start > project.latest + MOMENT
                end = self.tree.end
                if nodes[0].is_window:
                    end = max(node.end for node in self.nodes if node.owner == nodes[0].owner)
                useless = nodes[0].start + self.trunk.projects[name].lead_time >= end - MOMENT
                allowed = project.emergency or not nodes[0].is_window
                if allowed and not early and not late and not useless:
                    self.decision(name, group, nodes)
        for name, facility in self.trunk.facilities.items():
            if facility.retirement:
                for group, nodes in self.groups.items():
                    if not nodes[0].is_window:
                        self.program.add("retire", name, group, upper=1)
                for leaf in self.leaves:
                    self.program.row([(1, column) for column in self.closures(name, leaf)], most=1)

    def decision(self, name: str, group: object, nodes: list[Node]) -> None:
        """One decision: whether, how large, and its overnight cost in every node of the group."""
        program, kind, at = self.program, self.data(nodes[0]).projects[name].size, nodes[0].middle
        start = program.add("start", name, group, upper=1, integer=True)
        size = program.add("size", name, group)
        if kind.fixed is not None:
            self.largest[name, group] = kind.fixed.at(at)
            program.row([(1, size), (-kind.fixed.at(at), start)], 0, 0)
        elif kind.module is not None and kind.modules is not None:
            self.largest[name, group] = kind.module.at(at) * kind.modules
            modules = program.add("modules", name, group, integer=True)
            program.row([(1, modules), (-1, start)], least=0)
            program.row([(1, modules), (-kind.modules, start)], most=0)
            program.row([(1, size), (-kind.module.at(at), modules)], 0, 0)
        elif kind.most is not None:
            self.largest[name, group] = kind.most.at(at)
            program.row([(1, size), (-kind.most.at(at), start)], most=0)
            program.row([(1, size), (-(kind.least.at(at) if kind.least else 0), start)], least=0)
        for node in nodes:
            overnight = program.add("overnight", name, node)
            self.capital(self.data(node).projects[name], node, start, size, overnight)
            self.charge(name, node, overnight)

    def capital(self, project: Project, node: Node, start: int, size: int, overnight: int) -> None:
        """The overnight cost of a decision and what of it is charged."""
        capital, at = project.capital, node.middle
        if capital.curve and project.size.fixed is not None:
            fixed = project.size.fixed.at(at)
            assert capital.curve[0].size <= fixed <= capital.curve[-1].size
            cost = np.interp(fixed, [p.size for p in capital.curve], [p.cost for p in capital.curve])
            self.program.row([(1, overnight), (-float(cost), start)], 0, 0)
        elif capital.curve:
            self.program.interpolate(capital.curve, size, overnight, start)
        else:
            terms = [(-capital.fixed.at(at), start), (-self.money * capital.variable.at(at), size)]
            self.program.row([(1, overnight), *terms], 0, 0)

    def charge(self, name: str, decided: Node, overnight: int) -> None:
        """What of an overnight cost is charged in the node of decision and all that follow it."""
        project, work = self.data(decided).projects[name], self.work
        below = [node for node in self.nodes if decided in node.path]
        if self.time.capital_charge == "lump_sum":
            self.costs[decided][overnight] += decided.factor
            for node in below:
                self.costs[node][overnight] += node.factor * work(name, decided, node).increment
            return
        rate = self.time.discount_rate if project.cost_of_capital is None else project.cost_of_capital
        years, yearly = project.lead_time, 1 / project.life
        if rate > 0:
            yearly = rate / (1 - (1 + rate) ** -project.life)
        if self.time.interest_during_construction and years > 0 and rate > 0:
            yearly *= ((1 + rate) ** years - 1) / (years * math.log(1 + rate))
        for node in below:
            until = work(name, decided, node)
            share = in_service(project, until.commissioned, node)
            self.pay(node, yearly * share * (1 + until.surcharge), overnight)

    def work(self, name: str, decided: Node, node: Node) -> Work:
        """How far a project has come by the end of a node."""
        if (name, decided, node) not in self.works:
            steps = []
            for passed in node.path[node.path.index(decided) :]:
                data, project = self.data(passed), self.data(passed).projects[name]
                origin = self.movements(passed, project.lane)[0][2] if project.lane is not None else None
                pace, dearer = pace_and_dearer(data, passed, name, project, origin)
                steps.append(Step(passed, project.lead_time, pace, dearer))
            self.works[name, decided, node] = work_until(steps)
        return self.works[name, decided, node]

    def closures(self, name: str, node: Node) -> list[int]:
        """The shares of a facility that are closed on the way to a node."""
        return [self.column["retire", name, self.group(m)] for m in node.path if not m.is_window]

    def decided(self, name: str, leaf: Node) -> list[Node]:
        """Nodes of a path in which a project may be decided."""
        return [node for node in leaf.path if (name, self.group(node)) in self.largest]

    def starts(self, name: str, leaf: Node) -> Terms:
        """Decisions of a project on a path."""
        return [(1, self.column["start", name, self.group(node)]) for node in self.decided(name, leaf)]

    def share_limits(self) -> None:
        """What binds several decisions together: once per path, prerequisites, groups."""
        for name, project in self.trunk.projects.items():
            for leaf in self.leaves:
                if not project.repeatable:
                    self.program.row(self.starts(name, leaf), most=1)
            for node in self.nodes:
                for needed in project.requires if (name, self.group(node)) in self.largest else []:
                    start = self.column["start", name, self.group(node)]
                    self.program.row([*self.starts(needed, node), (-1, start)], least=0)
        for leaf in self.leaves:
            for part in self.data(leaf.path[0]).project_groups.values():
                self.project_group(part, leaf)

    def project_group(self, part: ProjectGroup, leaf: Node) -> None:
        """The limits of a project group on one path."""
        program, at = self.program, leaf.path[0].middle
        members = [name for name in self.trunk.projects if matches(name, part.projects)]
        decisions = [(name, node) for name in members for node in self.decided(name, leaf)]
        sizes = [(1.0, self.column["size", name, self.group(node)]) for name, node in decisions]
        if part.at_most is not None:
            program.row([term for name in members for term in self.starts(name, leaf)], most=part.at_most)
        if part.least_size is not None and not leaf.is_window:
            program.row(sizes, least=part.least_size.at(at))
        if part.most_size is not None:
            program.row(sizes, most=part.most_size.at(at))
        if part.most_capital is not None:
            costs = [(1.0, self.column["overnight", name, node]) for name, node in decisions]
            program.row(costs, most=part.most_capital.at(at))
        for node in leaf.path if part.building_at_once is not None else []:
            if not any(m is node for _, m in decisions):
                continue
            building: Terms = []
            for name, m in decisions:
                before = m in node.path and self.work(name, m, node).commissioned > node.start + MOMENT
                if m is node or before:
                    building.append((1, self.column["start", name, self.group(m)]))
            program.row(building, most=part.building_at_once or 0)

    def online(self, node: Node, asset: str, existing: float, retirement: bool = False) -> tuple[int, float]:
        """Capacity online in a node, and the most it can ever be."""
        column, largest = self.program.add("online", asset, node), existing
        terms: Terms = [(1, column)]
        if retirement:
            terms += [(existing, column) for column in self.closures(asset, node)]
        for m in node.path:
            for name, project in self.data(m).projects.items():
                target = project.facility if project.lane is None else self.lane_asset(m, project.lane)
                if asset == target and (name, self.group(m)) in self.largest:
                    share = availability(project, self.work(name, m, node).commissioned, node)
                    terms.append((-share, self.column["size", name, self.group(m)]))
                    largest += share * self.largest[name, self.group(m)]
        self.program.row(terms, existing, existing)
        return column, largest

    def lane_asset(self, node: Node, lane: str) -> str:
        """The one movement that a project for a lane serves."""
        ((key, *_),) = self.movements(node, lane)
        return key

    def movements(self, node: Node, name: str) -> list[tuple[str, str, str, str]]:
        """Key, commodity, origin and destination of every movement a lane permits."""
        if (node.source, name) not in self.moved:
            data, lane = self.data(node), self.data(node).lanes[name]
            self.moved[node.source, name] = [
                (f"{name}/{commodity}/{origin}/{destination}", commodity, origin, destination)
                for commodity in data.commodities if matches(commodity, lane.commodities)
                for origin in data.regions if matches(origin, lane.origins)
                for destination in data.regions if matches(destination, lane.destinations) and origin != destination
            ]  # fmt: skip
        return self.moved[node.source, name]
