"""The rows and bounds of a conflict in the words of the instance, each with the statement it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from planner.common.patterns import fits_any
from planner.common.words import number
from planner.formulation.declarations import Key
from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.control import covers, degree, denying
from planner.formulation.mathematics.flow import availability, existing
from planner.formulation.mathematics.security.kinds import FAMILIES, kind_of
from planner.language.controls import Ban, Licence
from planner.language.figure import FieldPath
from planner.language.instance import Instance
from planner.language.units import unit
from planner.program.program import Program
from planner.tree.nodes import Node
from planner.workflows.explain.iis import Bound, Core

# Statements of the user first, then what may happen, then what there is.
ORDER = (
    "requirements", "project_groups", "limits", "outlets", "controls", "demands", "stockpiles", "suppliers", "lanes",
    "projects", "facilities", "returns", "commodities",
)


class Said(NamedTuple):
    """A statement of the instance by its path, and what it says at the place of the conflict."""

    path: FieldPath
    words: str


class Speaker:
    """Says what rows and bounds mean."""

    def __init__(self, program: Program, original: Instance) -> None:
        self.program, self.network, self.original = program, program.network, original
        self.units = self.network.base.units

    def statements(self, core: Core) -> list[Said]:
        """The statements in a core, those of the user first; each path once."""
        found: dict[FieldPath, Said] = {}
        rows = [self.program.rows[row] for row in core.rows]
        for node, family, key in rows:
            for said in self.row(node, family, key):
                found.setdefault(said.path, said)
        for bound in core.bounds:
            for said in self.bound(bound):
                found.setdefault(said.path, said)
        return sorted(found.values(), key=lambda said: ORDER.index(said.path[0]))

    def when(self, node: Node | None) -> str:
        if node is None:
            return ""
        several = len({n.future for n in self.network.tree.nodes}) > 1
        is_loss = node.onset is not None and node.source not in self.original.shocks
        return f" in {node.period_name}" + (f" ({node.future})" if several and not is_loss else "")

    def rate(self, amount: float) -> str:
        return f"{number(amount)} {unit(self.units, 'quantity/year')}"

    def row(self, node: Node | None, family: str, key: Key) -> Iterator[Said]:
        if family in FAMILIES:
            yield from self.rule(node, family, key)
        elif family in NODE_ROWS and node is not None:
            yield from NODE_ROWS[family](self, node, key)
        elif family in PLAIN_ROWS:
            section, field, words = PLAIN_ROWS[family]
            path = (section, key[0], field) if field else (section, key[0])
            yield Said(path, f"{key[0]} {words}{self.when(node)}")

    def rule(self, node: Node | None, family: str, key: Key) -> Iterator[Said]:
        name = str(key[0])
        part = self.network.base.requirements[name]
        stated, _, loss = name.partition(" without ") if name not in self.original.requirements else (name, "", "")
        path: FieldPath = ("requirements", stated)
        fields = (ease.field for ease in kind_of(part).eases if getattr(part, ease.field) is not None)
        path = (*path, *islice(fields, 1))
        place = node if node is not None else next((n for n in self.network.tree.nodes if n.key in key), None)
        about = ", ".join(str(word) for word in key[1:] if word not in ("*", "") and "@" not in str(word) and (
            place is None or str(word) != place.key))
        kind = self.original.requirements[stated].kind.replace("_", " ")
        words = f"{stated} ({kind}) asks {self.amount_asked(name, place)}" + (f" of {about}" if about else "")
        yield Said(path, words + self.when(place) + (f" without {loss.rpartition(' in ')[0]}" if loss else ""))

    def amount_asked(self, name: str, node: Node | None) -> str:
        first = node or self.network.tree.nodes[0]
        part = self.network.instance(first).requirements[name]
        return kind_of(part).asks(part, first.middle, self.units)

    # Rows of a node

    def demand(self, node: Node, key: Key) -> Iterator[Said]:
        part = self.network.instance(node).demands[key[0]]
        may = "" if part.shortage else ", none of which may go short"
        yield Said(("demands", key[0], "amount"), f"{key[0]} needs {self.rate(part.amount.at(node.middle))}{may}"
                   + self.when(node))

    def capacity(self, node: Node, key: Key) -> Iterator[Said]:
        """Capacity of an asset without projects, and the most they can add; `key` is a facility or a movement."""
        network, asset = self.network, "/".join(key)
        there = existing(network, asset, node) * availability(network, asset, node)
        section = "facilities" if asset in network.base.facilities else "lanes"
        name = asset if section == "facilities" else network.movement_of_asset[asset].lane
        yield Said((section, name, "capacity"), f"{asset} has a usable capacity of {self.rate(there)} without projects"
                   + self.when(node))
        for project in network.projects_of.get(asset, []):
            yield from self.project(node, project)

    def project(self, node: Node, name: str) -> Iterator[Said]:
        """Size a project can have by a node: zero during its lead time, then up to its size."""
        network = self.network
        shares = [
            work(network).available_share(m, node)[work(network).position[name]]
            for m in network.tree.path(node) if (name, m.group) in self.decisions
        ]
        part = network.instance(node).projects[name]
        if not shares or max(shares) <= 0:
            yield Said(("projects", name, "lead_time"),
                       f"{name} takes {part.lead_time:g} years and cannot be online{self.when(node)}")
        else:
            yield Said(("projects", name, "size"), f"{name} is of limited size{self.when(node)}")

    @property
    def decisions(self) -> set[Key]:
        return set(next(f.keys for f in self.program.investments.variables if f.name == "start"))

    def balance(self, node: Node, key: Key) -> Iterator[Said]:
        if self.network.base.commodities[key[0]].disposal == "forbidden":
            words = f"{key[0]} may not be thrown away in {key[1]}{self.when(node)}"
            yield Said(("commodities", key[0], "disposal"), words)

    def stock(self, node: Node, key: Key) -> Iterator[Said]:
        if node.parent is None:
            amount = self.network.instance(node).stockpiles[key[0]].initial.at(node.middle)
            label = self.units.quantity
            yield Said(("stockpiles", key[0], "initial"), f"{key[0]} holds {number(amount)} {label} at the start")

    def denial(self, node: Node, key: Key) -> Iterator[Said]:
        exporter, demand, commodity = key
        user = self.network.base.demands[demand]
        for measure in denying(self.network, exporter, commodity, user.region, user.user_class, node):
            yield Said(("controls", measure.name),
                       f"{measure.name} denies {demand} {commodity} from {exporter}{self.when(node)}")

    # Bounds

    def bound(self, bound: Bound) -> Iterator[Said]:
        node, family, key = bound.node, bound.family, bound.key
        if family == "purchased" and node is not None:
            supplier = self.network.instance(node).suppliers[key[0]]
            yield from self.passage(node, supplier.origin, supplier.commodity, key[2])
            amount = self.program.upper[bound.column]
            yield Said(("suppliers", key[0], "steps", key[1] - 1, "amount"),
                       f"{key[0]} sells at most {self.rate(amount)} to {key[2]}{self.when(node)}")
        elif family == "flow" and node is not None:
            yield from self.passage(node, key.origin, key.commodity, key.destination)  # type: ignore[attr-defined]
            yield Said(("lanes", key[0], "capacity"), f"{'/'.join(key)} is limited{self.when(node)}")
        elif (family, bound.is_upper) in PLAIN_BOUNDS:
            section, field, words = PLAIN_BOUNDS[family, bound.is_upper]
            yield Said((section, key[0], field), f"{key[0]} {words}{self.when(node)}")

    def passage(self, node: Node, exporter: str | None, commodity: str, to: str) -> Iterator[Said]:
        """Controls that let less than all pass."""
        for measure in self.network.measures(node):
            control = measure.control
            if (
                isinstance(control, Ban | Licence) and not control.is_by_class and control.exporter == exporter
                and covers(self.network.base, control, commodity) and fits_any(control.destinations, to)
                and degree(measure, node) > 0
            ):
                words = f"{measure.name} lets nothing or only a share of {commodity} pass from {exporter} to {to}"
                yield Said(("controls", measure.name), words + self.when(node))


NODE_ROWS: dict[str, Callable[[Speaker, Node, Key], Iterator[Said]]] = {
    "demand": Speaker.demand, "capacity": Speaker.capacity, "lane_capacity": Speaker.capacity,
    "balance": Speaker.balance, "stock_balance": Speaker.stock, "denial": Speaker.denial,
}
PLAIN_ROWS = {
    "minimum_load": ("facilities", "minimum_load", "must run at its minimum load"),
    "limit_at_most": ("limits", "most", "allows no more"), "limit_at_least": ("limits", "least", "asks for no less"),
    "least_sales": ("outlets", "least", "must be sold its least amount"),
    "market_depth": ("outlets", "steps", "buys no more"),
    "group_least_size": ("project_groups", "least_size", "must be built to its least size"),
    "group_most_size": ("project_groups", "most_size", "allows no larger size in all"),
    "group_most_capital": ("project_groups", "most_capital", "allows no more capital"),
    "group_at_most": ("project_groups", "at_most", "allows no more decisions"),
    "building_at_once": ("project_groups", "building_at_once", "allows no more projects under construction"),
    "decided_once": ("projects", "", "can be decided only once"),
    "requires": ("projects", "requires", "needs another project first"),
    "largest_size": ("projects", "size", "can be no larger"),
    "smallest_size": ("projects", "size", "can be no smaller"),
    "most_modules": ("projects", "size", "can have no more modules"),
    "quota": ("controls", "amount", "rations exports"), "supply_step": ("suppliers", "steps", "sells no more"),
    "supply_region": ("suppliers", "region_limits", "sells no more to a region"),
    "reserve": ("suppliers", "steps", "has no more in the ground"),
    "substitution_growth": ("demands", "substitution", "cannot substitute faster"),
    "returned": ("returns", "rate", "brings back no more"),
}
PLAIN_BOUNDS = {
    ("short", True): ("demands", "shortage", "can go short by no more"),
    ("substituted", True): ("demands", "substitution", "can substitute no more"),
    ("stock", False): ("stockpiles", "least", "must hold its least stock"),
    ("stock", True): ("stockpiles", "capacity", "can hold no more"),
    ("filled", True): ("stockpiles", "fill_limit", "can be filled no faster"),
    ("released", True): ("stockpiles", "release", "may release no more"),
    ("cover_drawn", True): ("requirements", "days", "counts no more stock than can be released"),
    ("sold", True): ("outlets", "steps", "buys no more"), ("size", True): ("projects", "size", "can be no larger"),
    ("modules", True): ("projects", "size", "can have no more modules"),
}

