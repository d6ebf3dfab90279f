"""Check of chosen shortage: goods available to the users went into stock, were sold or thrown away."""

from __future__ import annotations

from planner.check.amounts import Amounts
from planner.check.case import Case
from planner.check.controls import class_share
from planner.check.horizon import TINY, Node
from planner.check.origin import NONE, Trace


def check_choices(case: Case, amounts: Amounts, trace: Trace) -> None:
    """The rows `chosen` say what each user could have had at home, those who are denied something first."""
    short: dict[tuple[str, Node], float] = {}
    for (name, _, node), amount in amounts.short.items():
        short[name, node] = short.get((name, node), 0.0) + amount
    for node in case.horizon.nodes:
        whole, clean = _left_over(case, amounts, trace, node)
        names = list(case.at(node).demands)
        picky = {name: {k for k in case.base.demands[name].accepts if _is_denied(case, trace, node, name, k)}
                 for name in names}
        for name in [*(n for n in names if picky[n]), *(n for n in names if not picky[n])]:
            demand, found = case.at(node).demands[name], 0.0
            lacking = short.get((name, node), 0.0)
            for k, effect in demand.accepts.items():
                place, only_clean = (k, demand.region), k in picky[name]
                goods = clean if only_clean else whole
                taken = max(0.0, min(goods.get(place, 0.0), (lacking - found) / effect)) if effect > 0 else 0.0
                whole[place] = whole.get(place, 0.0) - taken
                clean[place] = min(whole[place], clean.get(place, 0.0) - (taken if only_clean else 0.0))
                found += effect * taken
            stated = amounts.chosen.get((name, node), 0.0)
            case.ledger.equal("demand.chosen", case.where(node, name), found, stated, demand.amount.at(node.middle))


def _is_denied(case: Case, trace: Trace, node: Node, name: str, k: str) -> bool:
    demand, part = case.base.demands[name], case.at(node).commodities[k]
    return any(
        class_share(case.measures[node], exporter, k, part, demand.region, demand.user_class) < 1
        for exporter in trace.denied.get((name, k), NONE) if exporter in trace.comes((k, demand.region))
    )


def _left_over(
    case: Case, amounts: Amounts, trace: Trace, node: Node
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """Goods that places store beyond the least, sell and throw away; and the part known to carry no mark."""
    whole: dict[tuple[str, str], float] = {}
    clean: dict[tuple[str, str], float] = {}
    gone = [((k, r), v) for (k, r, at), v in amounts.disposed.items() if at == node]
    gone += [((case.base.outlets[o].commodity, r), v) for (o, _, r, at), v in amounts.sales.items() if at == node]
    for place, amount in gone:
        whole[place] = whole.get(place, 0.0) + amount
        marked = any(
            trace.denied.get((d, place[0]), NONE) & trace.comes(place)
            for d, x in case.base.demands.items() if x.region == place[1]
        )
        clean[place] = clean.get(place, 0.0) + (0.0 if marked else amount)
    for name, pile in case.at(node).stockpiles.items():
        place = (pile.commodity, pile.region)
        growth = amounts.fill.get((name, node), 0.0) - amounts.release.get((name, node), 0.0)
        beyond = (amounts.stock.get((name, node), 0.0) - pile.least.at(node.middle)) / node.length
        growth = max(0.0, min(growth, beyond)) if growth > TINY else 0.0
        unmarked = growth
        if place in trace.told:
            put, out = (
                trace.stated.get(((measure, name, *place, ""), node), {}).get(NONE, 0.0)
                for measure in ("fill", "release")
            )
            unmarked = max(0.0, min(growth, put - out))
        whole[place], clean[place] = whole.get(place, 0.0) + growth, clean.get(place, 0.0) + unmarked
    return whole, clean
