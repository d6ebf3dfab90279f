"""The network of an instance as GraphML: balances, plants, suppliers, outlets, users, stocks, and what may flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from planner.formulation.network import Network, build_network
from planner.language.instance import Instance
from planner.reports.run import Run

SPACE = "http://graphml.graphdrawing.org/xmlns"
TEXT = ("kind", "title", "region", "stage", "commodity", "process", "lane", "class", "origin")
NUMBERS = ("latitude", "longitude", "quantity")

Facts = dict[str, str | float | None]
Edge = tuple[str, str, Facts]


def write(run: Run, target: Path) -> None:
    network = build_network(run.instances)
    root = ElementTree.Element("graphml", xmlns=SPACE)
    for domain in ("node", "edge"):
        for name in (*TEXT, *NUMBERS):
            kind = "double" if name in NUMBERS else "string"
            ElementTree.SubElement(root, "key", id=f"{domain}.{name}", attrib={
                "for": domain, "attr.name": name, "attr.type": kind})
    graph = ElementTree.SubElement(root, "graph", id=run.instance.name, edgedefault="directed")
    for name, facts in nodes(network).items():
        _facts(ElementTree.SubElement(graph, "node", id=name), "node", facts)
    for source, sink, facts in edges(network):
        _facts(ElementTree.SubElement(graph, "edge", source=source, target=sink), "edge", facts)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)


def _facts(element: ElementTree.Element, domain: str, facts: Facts) -> None:
    for name, value in facts.items():
        if value is not None:
            ElementTree.SubElement(element, "data", key=f"{domain}.{name}").text = str(value)


def _balance(commodity: str, region: str) -> str:
    return f"balance/{commodity}/{region}"


def nodes(network: Network) -> dict[str, Facts]:
    """Every node by its id, which is its kind and name."""
    instance, found = network.base, dict[str, Facts]()
    for commodity, region in network.balance:
        part = instance.commodities[commodity]
        found[_balance(commodity, region)] = {
            "kind": "balance", "title": part.title, "region": region, "stage": part.stage, "commodity": commodity}
    for name, facility in instance.facilities.items():
        found[f"facility/{name}"] = {
            "kind": "facility", "title": facility.title, "region": facility.region, "stage": facility.stage,
            "latitude": facility.latitude, "longitude": facility.longitude}
    for name, demand in instance.demands.items():
        found[f"demand/{name}"] = {
            "kind": "demand", "title": demand.title, "region": demand.region, "class": demand.user_class}
    for name, supplier in instance.suppliers.items():
        found[f"supplier/{name}"] = {
            "kind": "supplier", "title": supplier.title, "origin": supplier.origin, "commodity": supplier.commodity}
    for section in ("outlets", "stockpiles", "returns"):
        for name, part in getattr(instance, section).items():
            kind = section.removesuffix("s") if section != "returns" else section
            found[f"{kind}/{name}"] = {"kind": kind, "title": part.title, "commodity": part.commodity}
    return found


def edges(network: Network) -> Iterator[Edge]:
    """Every way that material may take; `quantity` is of commodity per unit of activity, or of demand served."""
    instance = network.base
    for facility, process in network.activities:
        recipe, region = instance.processes[process], instance.facilities[facility].region
        for commodity, quantity in recipe.inputs.items():
            yield _balance(commodity, region), f"facility/{facility}", _recipe("takes", process, quantity)
        for commodity, quantity in recipe.outputs.items():
            yield f"facility/{facility}", _balance(commodity, region), _recipe("makes", process, quantity)
    for move in network.movements:
        yield (_balance(move.commodity, move.origin), _balance(move.commodity, move.destination),
               {"kind": "lane", "lane": move.lane, "commodity": move.commodity})
    yield from _outside(network, instance)


def _recipe(kind: str, process: str, quantity: float) -> Facts:
    return {"kind": kind, "process": process, "quantity": quantity}


def _outside(network: Network, instance: Instance) -> Iterator[Edge]:
    bought: dict[tuple[str, str], Any] = {(name, region): None for name, _, region in network.purchases}
    for name, region in bought:
        yield f"supplier/{name}", _balance(instance.suppliers[name].commodity, region), {"kind": "sells"}
    sold: dict[tuple[str, str], Any] = {(name, region): None for name, _, region in network.sales}
    for name, region in sold:
        yield _balance(instance.outlets[name].commodity, region), f"outlet/{name}", {"kind": "buys"}
    for name, commodity in network.deliveries:
        demand = instance.demands[name]
        yield (_balance(commodity, demand.region), f"demand/{name}",
               {"kind": "serves", "quantity": demand.accepts[commodity]})
    for name, stock in instance.stockpiles.items():
        place = _balance(stock.commodity, stock.region)
        yield place, f"stockpile/{name}", {"kind": "stored"}
        yield f"stockpile/{name}", place, {"kind": "released"}
    for name, part in instance.returns.items():
        yield f"returns/{name}", _balance(part.commodity, part.region), {"kind": "comes back"}
