"""Controls: what an exporter's measures let pass and what they do to prices and to work, as data of each node.

passes = (strictest ban) * product of licences, each by its mean degree over the period and the wait for the
first licence. Prices multiply. Of technology bans the slowest and the dearest counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from planner.common.arrays import Array
from planner.common.caching import cached
from planner.common.patterns import fits_any
from planner.formulation.declarations import Numbers
from planner.formulation.network import Measure, Movement, Network
from planner.language.controls import Ban, Control, Licence, OfGoods, OfPassage, Quota, TechnologyBan
from planner.language.figure import MOMENT
from planner.language.instance import Instance
from planner.tree.nodes import Node


def degree(measure: Measure, node: Node) -> float:
    r"""Mean over the node's period of a trapezoid: 0 at the start, 1 from phase_in on, until the end, then down.

    .. math:: degree_{c,n} = \frac{1}{length_n} \int_{start_n}^{end_n} \max\left(0, \min\left(1,\;
        \frac{t - start_c}{phase\_in_c},\; \frac{end_c + phase\_out_c - t}{phase\_out_c}\right)\right) dt
    """
    rise, fall = measure.control.phase_in, measure.phase_out
    start, end = node.near(measure.start), node.near(measure.end)
    years = max(0.0, min(end, node.end) - max(min(start + rise, end), node.start))
    if rise > 0:
        years += _slope(node.start - start, min(node.end, end) - start, rise)
    if fall > 0:
        years += _slope(end + fall - node.end, end + fall - node.start, fall)
    return min(1.0, years / node.length)


def _slope(left: float, right: float, length: float) -> float:
    """Area under a line that rises from 0 at 0 to 1 at `length`, between two points."""
    first, last = min(max(left, 0.0), length), min(max(right, 0.0), length)
    return (last**2 - first**2) / (2 * length)


def in_force(network: Network, node: Node) -> list[Measure]:
    """The measures in force at a node to any degree, for more than a moment."""
    return [m for m in network.measures(node) if degree(m, node) * node.length > MOMENT]


def covers(instance: Instance, control: OfGoods, commodity: str) -> bool:
    """Whether a commodity falls under a measure by name, stage or an element it contains."""
    part = instance.commodities[commodity]
    return (
        fits_any(control.commodities, commodity)
        or part.stage in control.stages
        or any(part.elements.get(element, 0.0) > 0 for element in control.elements)
    )


def touches(control: OfPassage, user_class: str) -> bool:
    """Whether a measure on some classes of users touches this one."""
    if control.exempt:
        return not fits_any(control.exempt, user_class)
    return fits_any(control.classes, user_class)


def for_all(control: Control) -> bool:
    """Whether a measure touches all users alike."""
    return not (isinstance(control, OfPassage) and control.is_by_class)


def share_passing(measure: Measure, node: Node) -> float:
    r"""Share of the usual volume that one ban or licence lets pass, averaged over the node's period.

    .. math:: passes_{c,n} = \max(0,\; 1 - degree_{c,n} (1 - passes_c) - passes_c\, waits_{c,n})

    While the first licences are processed, for `delay` years from the start, nothing passes: `waits` is the share of
    the period that this takes.
    """
    control = measure.control
    if not isinstance(control, Ban | Licence):
        return 1.0
    waits = node.years(measure.start, min(measure.start + control.delay, measure.end)) / node.length
    return max(0.0, 1 - degree(measure, node) * (1 - control.passes) - control.passes * waits)


def combined(measures: Iterator[Measure], node: Node) -> float:
    r"""The strictest ban times all licences.

    .. math:: passes_n = \min_{c \in bans} passes_{c,n} \prod_{c \in licences} passes_{c,n}
    """
    strictest, licences = 1.0, 1.0
    for measure in measures:
        if isinstance(measure.control, Ban):
            strictest = min(strictest, share_passing(measure, node))
        elif isinstance(measure.control, Licence):
            licences *= share_passing(measure, node)
    return strictest * licences


def aimed(
    network: Network, exporter: str | None, commodity: str, destination: str, node: Node,
    when: Callable[[Control], bool],
) -> Iterator[Measure]:
    """The measures of an exporter that touch a commodity on its way to a destination."""
    instance = network.instance(node)
    for measure in network.measures(node):
        control = measure.control
        if (
            isinstance(control, OfGoods) and control.exporter == exporter != destination and when(control)
            and fits_any(control.destinations, destination) and covers(instance, control, commodity)
        ):
            yield measure


def passing(network: Network, exporter: str | None, commodity: str, destination: str, node: Node) -> float:
    """Share of all movement out of `exporter` that passes at a node, whoever the user is."""
    return combined(aimed(network, exporter, commodity, destination, node, for_all), node)


def class_passing(
    network: Network, exporter: str, commodity: str, destination: str, user_class: str, node: Node
) -> float:
    """Most that users of a class may be given of the exporter's material, as share of what they are given."""
    return combined(denying(network, exporter, commodity, destination, user_class, node), node)


def denying(
    network: Network, exporter: str, commodity: str, destination: str, user_class: str, node: Node
) -> Iterator[Measure]:
    """The measures on some classes of users that touch this one."""
    def touching(control: Control) -> bool:
        return isinstance(control, OfPassage) and control.is_by_class and touches(control, user_class)

    return aimed(network, exporter, commodity, destination, node, touching)


Route = tuple[str | None, str, str]  # exporter, commodity, destination


@cached
def routes(network: Network) -> dict[Route, int]:
    """Every way by which something comes from a supplier or on a lane, numbered."""
    suppliers = network.base.suppliers
    bought: list[Route] = [(suppliers[s].origin, suppliers[s].commodity, r) for s, _, r in network.purchases]
    sent: list[Route] = [(m.origin, m.commodity, m.destination) for m in network.movements]
    return {route: number for number, route in enumerate(dict.fromkeys([*bought, *sent]))}


@cached
def numbered(network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The routes of all purchases and of all movements."""
    known, suppliers = routes(network), network.base.suppliers
    bought = [known[suppliers[s].origin, suppliers[s].commodity, r] for s, _, r in network.purchases]
    sent = [known[m.origin, m.commodity, m.destination] for m in network.movements]
    return np.array(bought, dtype=np.int64), np.array(sent, dtype=np.int64)


@cached
def _aims(network: Network, source: str, name: str) -> NDArray[np.bool_]:
    """Which routes a control touches, by the figures of a future or shock."""
    instance = network.instances[source]
    control = instance.controls[name]
    if not isinstance(control, OfGoods):
        return np.zeros(len(routes(network)), dtype=bool)
    covered = {k for k in instance.commodities if covers(instance, control, k)}
    reached = {r for r in instance.regions if fits_any(control.destinations, r)} - {control.exporter}
    return np.array([
        exporter == control.exporter and commodity in covered and destination in reached
        for exporter, commodity, destination in routes(network)
    ], dtype=bool)


@cached
def passing_shares(network: Network, node: Node) -> Array:
    """Share that passes on every route, whoever the user is: the strictest ban times all licences."""
    shares = tuple(
        (m.name, share_passing(m, node)) for m in network.measures(node)
        if isinstance(m.control, Ban | Licence) and not m.control.is_by_class
    )
    return _passing_shares(network, node.source, shares)


@cached
def _passing_shares(network: Network, source: str, shares: tuple[tuple[str, float], ...]) -> Array:
    """The same of measures, each with the share that it lets pass: most nodes of a future have the same."""
    controls = network.instances[source].controls
    strictest, licences = np.ones((2, len(routes(network))))
    for name, share in shares:
        aims = _aims(network, source, name)
        if isinstance(controls[name], Ban):
            strictest[aims] = np.minimum(strictest[aims], share)
        else:
            licences[aims] *= share
    return strictest * licences


@cached
def price_multiples(network: Network, node: Node) -> Array:
    r"""Factor on the prices of every route: the product over all measures.

    .. math:: multiple_{s,r,n} = \prod_c (1 + degree_{c,n} (price_c - 1))
    """
    factors = tuple(
        (m.name, 1 + degree(m, node) * (m.control.price - 1)) for m in network.measures(node)
        if isinstance(m.control, OfGoods) and m.control.price != 1
    )
    return _price_multiples(network, node.source, factors)


@cached
def _price_multiples(network: Network, source: str, factors: tuple[tuple[str, float], ...]) -> Array:
    """The same of measures, each with its factor: most nodes of a future have the same."""
    multiples = np.ones(len(routes(network)))
    for name, factor in factors:
        multiples[_aims(network, source, name)] *= factor
    return multiples


def lane_passes(network: Network, movement: Movement, node: Node) -> float:
    route = (movement.origin, movement.commodity, movement.destination)
    return float(passing_shares(network, node)[routes(network)[route]])


def supplier_passes(network: Network, supplier: str, region: str, node: Node) -> float:
    part = network.base.suppliers[supplier]
    return float(passing_shares(network, node)[routes(network)[part.origin, part.commodity, region]])


def price_multiple(network: Network, supplier: str, region: str, node: Node) -> float:
    """Factor on a supplier's prices for a region."""
    part = network.base.suppliers[supplier]
    return float(price_multiples(network, node)[routes(network)[part.origin, part.commodity, region]])


def quota_of(instance: Instance, name: str) -> Quota:
    """The control of that name, known to be a quota. Raises TypeError where it is of another kind."""
    control = instance.controls[name]
    if not isinstance(control, Quota):
        raise TypeError(f"{name} is no quota")
    return control


def quota(network: Network, name: str, node: Node) -> float:
    """Most a quota lets pass at a node; infinite where the middle of the period lies outside its window."""
    holds = any(m.name == name and m.is_within(node.middle) for m in network.measures(node))
    return quota_of(network.instance(node), name).amount.at(node.middle) if holds else math.inf


def touches_project(network: Network, control: TechnologyBan, project: str) -> bool:
    """Whether work on a project needs what a technology ban denies."""
    asset = network.asset_of(network.base.projects[project])
    is_named = fits_any(control.projects, project) or network.stage_of(asset) in control.stages
    return is_named and fits_any(control.destinations, network.region_of(asset))


def limited_by(shares: Array, amounts: Numbers) -> Array:
    """shares * amounts, in which no share of an infinite amount is nothing and any other share is all of it."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(shares == 0, 0.0, shares * np.asarray(amounts, dtype=float)))
