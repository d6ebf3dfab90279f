"""Investment: what is decided, when, how large, and what capacity and cost follow from it.

Index j: projects; g: decision groups (a period under a common plan, a node under an adaptive one);
n, m: nodes; a: assets (facilities and lanes that projects build).
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import pyomo.environ as pyo

from planner.common.caching import cached
from planner.common.patterns import fits_any, matching
from planner.formulation.declarations import Chapter, Constraint, Key, Variable
from planner.formulation.mathematics.capital import CapitalCoefficients, overnight_terms
from planner.formulation.mathematics.construction import work
from planner.formulation.mathematics.curve import is_convex
from planner.formulation.mathematics.size import least_size, most_size, size_terms
from planner.formulation.network import Network
from planner.language.figure import MOMENT, Figure
from planner.tree.nodes import Node, Tree


@cached
def decisions(network: Network) -> tuple[tuple[str, str], ...]:
    """Pairs (project, group) in which the project may be decided: its window is open, and it comes online in time.

    A decision that comes online after the horizon would be free under annuities and serve no demand. In the window
    of a shock only emergency projects can be decided, if they come online within it.
    """
    time, tree = network.base.time, network.tree
    end = max(node.end for node in tree.nodes)
    return tuple(
        (name, group)
        for name, project in network.base.projects.items()
        for group, nodes in network.tree.groups.items()
        if (project.emergency or nodes[0].onset is None)
        and (project.earliest if project.earliest is not None else time.start) - MOMENT <= nodes[0].start
        and (project.latest is None or nodes[0].start <= project.latest + MOMENT)
        and nodes[0].start + project.lead_time < (end if nodes[0].onset is None else _last(tree, nodes[0])) - MOMENT
    )


def _last(tree: Tree, node: Node) -> float:
    """When the window that a node lies in is over."""
    return max(n.end for n in tree.from_here(node))


# --- variables ---------------------------------------------------------------------------------------


def _needs_start(network: Network, name: str) -> bool:
    """Whether a decision is a yes or no: not for a repeatable range that costs nothing to begin."""
    project = network.base.projects[name]
    counted = any(
        fits_any(group.projects, name) and (group.at_most is not None or group.building_at_once is not None)
        for group in network.base.project_groups.values()
    )
    charged = network.ever("projects", name, lambda part: any(part.capital.fixed.numbers()))
    free = not project.capital.curve and not charged
    ranged = project.size.most is not None and not (project.size.least and any(project.size.least.numbers()))
    return not (project.repeatable and free and ranged) or counted or name in network.required


def chapter(network: Network) -> Chapter:
    """The investment block: one for the whole instance."""
    keys = decisions(network)
    projects = network.base.projects
    sized = tuple(k for k in keys if projects[k[0]].size.most is not None and not projects[k[0]].capital.curve)
    modular = tuple(k for k in keys if projects[k[0]].size.module is not None and not projects[k[0]].capital.curve)
    curved = tuple(k for k in keys if projects[k[0]].capital.curve)
    pieces = tuple((*k, i) for k in curved for i in range(1, len(projects[k[0]].capital.curve)))
    ends = tuple((*p, side) for p in pieces for side in ("left", "right"))
    closing = tuple(
        (name, group)
        for name, facility in network.base.facilities.items() if facility.retirement
        for group in _closing_groups(network)
    )
    one, yes_or_no = "share", {name: _needs_start(network, name) for name in projects}
    variables = (
        Variable("start", keys, "project is decided", one, upper=lambda _: [1.0] * len(keys),
                 integer=[yes_or_no[k[0]] for k in keys],
                 costs={"capital": CapitalCoefficients(network, "start", keys)}, parts=_parts(network, keys)),
        Variable("size", sized, "size decided", upper=lambda _: [most_size(network, *k) for k in sized],
                 costs={"capital": CapitalCoefficients(network, "size", sized)}, parts=_parts(network, sized)),
        Variable("modules", modular, "modules decided", "modules",
                 upper=lambda _: [float(projects[k[0]].size.modules or 1) for k in modular], integer=True,
                 costs={"capital": CapitalCoefficients(network, "modules", modular)}, parts=_parts(network, modular)),
        Variable("piece", pieces, "size lies on this piece of the cost curve", one,
                 upper=lambda _: [1.0] * len(pieces),
                 integer=[not all(is_convex(i.projects[p[0]].capital.curve) for i in network.instances.values())
                          for p in pieces]),
        Variable("end_weight", ends, "weight of this end of the piece", one,
                 costs={"capital": CapitalCoefficients(network, "end_weight", ends)}, parts=_parts(network, ends)),
        Variable("impossible", _impossible(network), "size of a group of which nothing can be decided", "quantity/year",
                 upper=lambda _: [0.0] * len(_impossible(network))),
        Variable("retire", closing, "share of existing capacity closed", one, upper=lambda _: [1.0] * len(closing)),
    )
    return Chapter(variables=variables, constraints=_constraints(network, keys, sized, modular, curved, pieces))


def _parts(network: Network, keys: tuple[Key, ...]) -> list[tuple[str, str]]:
    return [(k[0], network.region_of(network.asset_of(network.base.projects[k[0]]))) for k in keys]


def _constraints(
    network: Network, keys: tuple[Key, ...], sized: tuple[Key, ...], modular: tuple[Key, ...],
    curved: tuple[Key, ...], pieces: tuple[Key, ...],
) -> tuple[Constraint, ...]:
    base, open_to = network.base, set(keys)
    paths, whole = _group_paths(network), _group_paths(network, whole=True)
    several = [j for j, p in base.projects.items() if not p.repeatable]
    once = tuple((j, *path) for j in several for path in _distinct(paths, j, open_to))
    closing = tuple((f, *path) for f, facility in base.facilities.items() if facility.retirement for path in whole)
    needed = tuple((j, g, before) for j, g in keys for before in base.projects[j].requires)
    groups = base.project_groups
    limited = tuple((name, *path) for name in groups for path in paths)
    at_once = tuple(key for name, group in groups.items() if group.building_at_once is not None
                    for key in _crowded(network, name, open_to))
    at_least = tuple(k for k in sized if least_size(network, *k) > 0)
    return (
        Constraint("decided_once", once, decided_once),
        Constraint("largest_size", sized, largest_size),
        Constraint("smallest_size", at_least, smallest_size),
        Constraint("most_modules", modular, most_modules),
        Constraint("least_modules", modular, least_modules),
        Constraint("one_piece", curved, one_piece),
        Constraint("ends_of_piece", pieces, ends_of_piece),
        Constraint("requires", needed, requires),
        Constraint("retired_once", closing, retired_once),
        Constraint("group_at_most", tuple(k for k in limited if groups[k[0]].at_most is not None), group_at_most),
        Constraint("building_at_once", at_once, building_at_once),
        Constraint("group_least_size",
                   tuple((name, *path) for name, group in groups.items() if group.least_size for path in whole),
                   group_least_size),
        Constraint("group_most_size", tuple(k for k in limited if groups[k[0]].most_size), group_most_size),
        Constraint("group_most_capital", _capital_paths(network), group_most_capital),
    )


def _crowded(network: Network, group_name: str, open_to: set[Key]) -> list[Key]:
    """(group, node) for every set of decisions of a group whose work can be under way together."""
    nodes = (n[0] for n in work(network).ways.values())
    found: dict[tuple[Key, ...], Key] = {}
    for node in nodes:
        if any((j, node.group) in open_to for j in members(network, group_name)):
            found.setdefault(tuple(_under_way(network, group_name, node, open_to)), (group_name, node.index))
    return list(found.values())


def _under_way(network: Network, group_name: str, node: Node, open_to: Container[Key]) -> list[Key]:
    """The decisions of a group on the way to a node whose work is going on there."""
    names, position = members(network, group_name), work(network).position
    return [
        (name, m.group) for m in network.tree.path(node) if m.group
        for under_way in (work(network).under_construction(m, node),)
        for name in names if under_way[position[name]] and (name, m.group) in open_to
    ]


def _capital_paths(network: Network) -> tuple[Key, ...]:
    """(group, leaf): the cost of one decision may differ from path to path."""
    limited = [name for name, group in network.base.project_groups.items() if group.most_capital is not None]
    return tuple((name, leaf.index) for name in limited for leaf in network.tree.leaves)


def _group_paths(network: Network, whole: bool = False) -> tuple[tuple[str, ...], ...]:
    """The decision groups met on the way to each leaf, each way once; `whole` ways end with the horizon.

    Without decisions in its window, the way into a shock is part of another.
    """
    paths = [path for path in network.tree.paths() if not whole or path[-1].onset is None]
    ways = dict.fromkeys(tuple(n.group for n in path if n.group) for path in paths)
    parts = {way[:end] for way in ways for end in range(len(way))}
    return tuple(way for way in ways if way not in parts)


def _impossible(network: Network) -> tuple[Key, ...]:
    """Groups that must be built, for the row of a path on which nothing of them can be: it must say so."""
    return tuple((name,) for name, part in network.base.project_groups.items() if part.least_size)


def _closing_groups(network: Network) -> list[str]:
    """Capacity is not closed for good within the window of a shock."""
    return [group for group, nodes in network.tree.groups.items() if nodes[0].onset is None]


def _distinct(
    paths: tuple[tuple[str, ...], ...], name: str, open_to: set[Key]
) -> list[tuple[str, ...]]:
    """Paths cut to the groups in which a project can be decided, without repetition."""
    return list(dict.fromkeys(cut for path in paths if len(cut := tuple(g for g in path if (name, g) in open_to)) > 1))


# --- rules -------------------------------------------------------------------------------------------


def _size(block: Any, name: str, group: str) -> Any:
    """size[j,g] as an expression of the variables that carry it."""
    return sum(c * getattr(block, family)[key] for family, key, c in size_terms(block.network, name, group))


@cached
def members(network: Network, group_name: str) -> list[str]:
    """The projects of a group."""
    return matching(network.base.project_groups[group_name].projects, network.base.projects)


def _decided(block: Any, name: str, path: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, g) for g in path if (name, g) in block.start]


def decided_once(block: Any, name: str, *path: str) -> Any:
    r"""\sum_{g \in path} start_{j,g} \le 1"""
    return sum(block.start[name, g] for g in path) <= 1


def largest_size(block: Any, name: str, group: str) -> Any:
    r"""size_{j,g} \le most_j\, start_{j,g}"""
    return block.size[name, group] <= most_size(block.network, name, group) * block.start[name, group]


def smallest_size(block: Any, name: str, group: str) -> Any:
    r"""size_{j,g} \ge least_j\, start_{j,g}"""
    return block.size[name, group] >= least_size(block.network, name, group) * block.start[name, group]


def most_modules(block: Any, name: str, group: str) -> Any:
    r"""modules_{j,g} \le M_j\, start_{j,g}"""
    return block.modules[name, group] <= block.network.base.projects[name].size.modules * block.start[name, group]


def least_modules(block: Any, name: str, group: str) -> Any:
    r"""modules_{j,g} \ge start_{j,g}"""
    return block.modules[name, group] >= block.start[name, group]


def one_piece(block: Any, name: str, group: str) -> Any:
    r"""\sum_i piece_{j,g,i} = start_{j,g}"""
    count = len(block.network.base.projects[name].capital.curve) - 1
    return sum(block.piece[name, group, i] for i in range(1, count + 1)) == block.start[name, group]


def ends_of_piece(block: Any, name: str, group: str, i: int) -> Any:
    r"""end\_weight_{j,g,i,left} + end\_weight_{j,g,i,right} = piece_{j,g,i}"""
    weights = block.end_weight[name, group, i, "left"] + block.end_weight[name, group, i, "right"]
    return weights == block.piece[name, group, i]


def requires(block: Any, name: str, group: str, before: str) -> Any:
    r"""start_{j,g} \le \sum_{h \preceq g} start_{i,h} \quad \forall i \in requires_j, \text{every path to } g"""
    tree = block.network.tree
    earlier = [n.group for n in tree.path(tree.groups[group][0])]
    return block.start[name, group] <= sum(block.start[key] for key in _decided(block, before, tuple(earlier)))


def retired_once(block: Any, facility: str, *path: str) -> Any:
    r"""\sum_{g \in path} retire_{a,g} \le 1"""
    return sum(block.retire[facility, g] for g in path) <= 1


def group_at_most(block: Any, group_name: str, *path: str) -> Any:
    r"""\sum_{j \in G} \sum_{g \in path} start_{j,g} \le at\_most_G"""
    starts = [block.start[key] for j in members(block.network, group_name) for key in _decided(block, j, path)]
    most = block.network.base.project_groups[group_name].at_most
    return sum(starts) <= most if starts else pyo.Constraint.Skip


def building_at_once(block: Any, group_name: str, node_index: int) -> Any:
    r"""\sum_{j \in G} \sum_{m \preceq n,\, n \text{ within the lead time of } (j,m)} start_{j,g(m)} \le at\_once_G"""
    network: Network = block.network
    keys = _under_way(network, group_name, network.tree.nodes[node_index], block.start)
    starts = [block.start[key] for key in keys]
    most = network.base.project_groups[group_name].building_at_once
    return sum(starts) <= most if starts else pyo.Constraint.Skip


def _total(block: Any, group_name: str, path: tuple[str, ...]) -> Any:
    return sum(_size(block, *key) for j in members(block.network, group_name) for key in _decided(block, j, path))


def _limit(block: Any, group_name: str, field: str, path: tuple[str, ...]) -> float:
    network: Network = block.network
    limit: Figure = getattr(network.base.project_groups[group_name], field)
    return limit.at(network.tree.groups[path[0]][0].middle)


def group_least_size(block: Any, group_name: str, *path: str) -> Any:
    r"""\sum_{j \in G} \sum_{g \in path} size_{j,g} \ge least\_size_G"""
    total = _total(block, group_name, path)
    size = block.impossible[group_name] if isinstance(total, int) else total
    return size >= _limit(block, group_name, "least_size", path)


def group_most_size(block: Any, group_name: str, *path: str) -> Any:
    r"""\sum_{j \in G} \sum_{g \in path} size_{j,g} \le most\_size_G"""
    total = _total(block, group_name, path)
    most = _limit(block, group_name, "most_size", path)
    return total <= most if not isinstance(total, int) else pyo.Constraint.Skip


def group_most_capital(block: Any, group_name: str, leaf: int) -> Any:
    r"""\sum_{j \in G} \sum_{n \in path} I_{j,n} \le most\_capital_G"""
    network: Network = block.network
    path = network.tree.path(network.tree.nodes[leaf])
    decided = [(j, n) for j in members(block.network, group_name) for n in path if (j, n.group) in block.start]
    if not decided:
        return pyo.Constraint.Skip
    terms = (term for j, n in decided for term in overnight_terms(network, j, n))
    total = sum(cost * getattr(block, family)[key] for family, key, cost in terms)
    return total <= _limit(block, group_name, "most_capital", tuple(n.group for n in path if n.group))
