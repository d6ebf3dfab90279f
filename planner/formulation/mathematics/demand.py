"""Demand: deliveries, substitution, shortage, and the end-of-life material that comes back.

Index d: demands; k: commodities; i: shortage tranches; q: returns; n, m: nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from planner.common.patterns import matching
from planner.formulation.declarations import Chapter, Constraint, Data, Link, OfFigures, Term, Variable
from planner.formulation.network import Network
from planner.language.instance import Returns, Substitution
from planner.tree.nodes import Node


def needed(network: Network, name: str, node: Node) -> float:
    """Demand at a node [quantity/year]."""
    return network.instance(node).demands[name].amount.at(node.middle)


def _substitution(network: Network, name: str, node: Node) -> Substitution:
    substitution = network.instance(node).demands[name].substitution
    assert substitution is not None
    return substitution


def substituted_names(network: Network) -> list[str]:
    return [name for name, d in network.base.demands.items() if d.substitution is not None]


def kept_share(network: Network, name: str, node: Node) -> float:
    """Share of the parent's substitution that must be kept: all, or less in proportion to a falling demand."""
    parent = network.tree.parent(node)
    before = needed(network, name, parent) if parent is not None else 0.0
    return min(1.0, needed(network, name, node) / before) if before > 0 else 0.0


def return_share(lifetime: Iterable[tuple[float, float]], delivered: Node, node: Node) -> float:
    r"""Share of a yearly delivery at one node that comes back per year at another.

    .. math:: share_{q,m \to n} = \frac{1}{length_n} \sum_{lag} lifetime_{q,lag}\,
        |[start_m + lag,\; end_m + lag] \cap [start_n, end_n]|
    """
    years = sum(share * node.years(delivered.start + lag, delivered.end + lag) for lag, share in lifetime)
    return years / node.length


def chapter(network: Network) -> Chapter:
    demands, of = network.base.demands, partial(OfFigures, network)
    return Chapter(
        variables=_variables(network),
        links=(
            *_substitution_links(network),
            _return_link(network, "collectable", "end-of-life material that can be collected", rated=True),
            _return_link(network, "returning", "end-of-life material that comes back", rated=False),
        ),
        data=(
            Data("needed", tuple((d,) for d in demands), "demand",
                 of(lambda n: [needed(network, d, n) for d in demands]), reads=("demands.amount",)),
            Data("adoption", tuple((d,) for d in substituted_names(network)), "substitution that can be added",
                 of(partial(_adoption, network)), reads=("demands.amount", "demands.substitution")),
        ),
        constraints=(
            Constraint("demand", tuple((d,) for d in demands), demand),
            Constraint("substitution_growth", tuple((d,) for d in substituted_names(network)), substitution_growth),
            Constraint("substitution_kept", tuple((d,) for d in substituted_names(network)), substitution_kept),
            Constraint("returned", tuple((q,) for q in network.base.returns), returned),
        ),
    )


def _adoption(network: Network, node: Node) -> list[float]:
    return [
        _substitution(network, d, node).growth.at(node.middle) * needed(network, d, node) * node.length
        for d in substituted_names(network)
    ]


def _variables(network: Network) -> tuple[Variable, ...]:
    price, demands, of = network.price, network.base.demands, partial(OfFigures, network)
    names = substituted_names(network)

    def tranches(node: Node) -> list[float]:
        parts = network.instance(node).demands
        return [parts[d].shortage[i - 1].share * needed(network, d, node) for d, i in network.shortages]

    def shortage_costs(node: Node) -> list[float]:
        r"""Loss of users by demand that is not served.

        .. math:: cost_{d,i,n}
        """
        parts = network.instance(node).demands
        return [price * parts[d].shortage[i - 1].cost.at(node.middle) for d, i in network.shortages]

    def most_substituted(node: Node) -> list[float]:
        return [_substitution(network, d, node).most.at(node.middle) * needed(network, d, node) for d in names]

    def substitution_costs(node: Node) -> list[float]:
        r"""Cost of doing without.

        .. math:: cost_{d,n}
        """
        return [price * _substitution(network, d, node).cost.at(node.middle) for d in names]

    def collection_costs(node: Node) -> list[float]:
        r"""Cost of collecting end-of-life material.

        .. math:: cost_{q,n}
        """
        return [price * q.cost.at(node.middle) for q in network.instance(node).returns.values()]

    return (
        Variable("delivered", network.deliveries, "quantity delivered to users"),
        Variable("short", network.shortages, "demand not served", upper=of(tranches),
                 costs={"shortage": of(shortage_costs)}, parts=[(d, demands[d].region) for d, _ in network.shortages],
                 reads=("demands.amount", "demands.shortage")),
        Variable("substituted", tuple((d,) for d in names), "demand that users learned to do without",
                 upper=of(most_substituted), costs={"substitution": of(substitution_costs)},
                 parts=[(d, demands[d].region) for d in names], reads=("demands.amount", "demands.substitution")),
        Variable("collected", tuple((q,) for q in network.base.returns), "end-of-life material collected",
                 costs={"collection": of(collection_costs)},
                 parts=[(name, q.region) for name, q in network.base.returns.items()], reads=("returns.cost",)),
    )


def _substitution_links(network: Network) -> tuple[Link, Link]:
    keys = tuple((d,) for d in substituted_names(network))

    def before(node: Node) -> list[Term]:
        if node.parent is None:
            return []
        return [Term(i, node.parent, "substituted", key, 1.0) for i, key in enumerate(keys)]

    def kept(node: Node) -> list[Term]:
        if node.parent is None:
            return []
        return [
            Term(i, node.parent, "substituted", key, kept_share(network, key[0], node)) for i, key in enumerate(keys)
        ]

    def nothing(_: Node) -> list[float]:
        return [0.0] * len(keys)

    return (
        Link("substituted_before", keys, "substitution at the parent", before, nothing, of_figures=True, reads=()),
        Link("substituted_kept", keys, "substitution that is kept from the parent", kept, nothing, of_figures=True,
             reads=("demands.amount",)),
    )


def _return_link(network: Network, name: str, meaning: str, rated: bool) -> Link:
    """Material that returns at a node: all of it, or (`rated`) the share that can be collected."""
    names = tuple(network.base.returns)

    def rate(part: Returns, node: Node) -> float:
        return part.rate.at(node.middle) if rated else 1.0

    def terms(node: Node) -> list[Term]:
        path, known, result = network.tree.path(node), {}, []
        for position, part_name in enumerate(names):
            part = network.instance(node).returns[part_name]
            if (lifetime := tuple(part.lifetime.items())) not in known:  # Many share theirs.
                known[lifetime] = [return_share(lifetime, m, node) for m in path]
            demands = matching(part.demands, network.base.demands)
            given = [key for key in network.deliveries if key[0] in demands and key[1] in part.delivered]
            for m, comes_back in zip(path, known[lifetime], strict=True):
                share = rate(part, node) * comes_back
                if share > 0:
                    result += [
                        Term(position, m.index, "delivered", key, share * part.delivered[key[1]]) for key in given
                    ]
        return result

    def history(node: Node) -> list[float]:
        parts = network.instance(node).returns.values()
        return [rate(q, node) * q.history.at(node.middle) for q in parts]

    return Link(name, tuple((q,) for q in names), meaning, terms, history, of_figures=True,
                reads=("returns.rate", "returns.history"))


# --- rules -------------------------------------------------------------------------------------------


def demand(block: Any, name: str) -> Any:
    r"""\sum_k effectiveness_{d,k}\, delivered_{d,k,n} + substituted_{d,n} + \sum_i short_{d,i,n} = amount_{d,n}"""
    part = block.instance.demands[name]
    served = sum(effect * block.delivered[name, k] for k, effect in part.accepts.items())
    avoided = block.substituted[name] if part.substitution is not None else 0
    short = sum(block.short[name, i] for i in range(1, len(part.shortage) + 1))
    return served + avoided + short == block.needed[name]


def substitution_growth(block: Any, name: str) -> Any:
    r"""substituted_{d,n} \le substituted_{d,a(n)} + growth_{d,n}\, amount_{d,n}\, length_n"""
    return block.substituted[name] <= block.substituted_before[name] + block.adoption[name]


def substitution_kept(block: Any, name: str) -> Any:
    r"""substituted_{d,n} \ge \min(1, amount_{d,n} / amount_{d,a(n)})\, substituted_{d,a(n)}"""
    return block.substituted[name] >= block.substituted_kept[name]


def returned(block: Any, name: str) -> Any:
    r"""collected_{q,n} \le rate_{q,n} (history_{q,n} + \sum_{m \preceq n} \sum_{d,k} share_{q,m \to n}
    quantity_{q,k}\, delivered_{d,k,m})"""
    return block.collected[name] <= block.collectable[name]
