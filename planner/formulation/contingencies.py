"""Losses of one facility or one country: which there are, and the same instance with some of them to be survived.

A loss is stated in the instance language itself: a shock of hazard 0 that is only tested, in which the facility is not
available or nothing comes out of the country, and a rule that users survive it. So the mathematics, the check and the
reference know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from planner.common.errors import InputError, Problem
from planner.common.identity import each_once
from planner.common.patterns import fits_any
from planner.formulation.mathematics.node_data import applies
from planner.formulation.mathematics.security.scope import country
from planner.language.controls import Ban
from planner.language.counterfactuals import Instances
from planner.language.figure import Figure
from planner.language.instance import Instance, Shock
from planner.language.requirements import Outage, Rule, Survive
from planner.tree.builder import build_tree

LossKind = Literal["facility", "country", "supplier", "lane"]
NOTHING = Figure(value=0.0)
MOST_AT_ONCE = 500  # Losses: each adds branches to a program, some megabytes of the rare-earth instance.


class Loss(NamedTuple):
    """One loss in one period of one future, for one requirement (or another name of whose users are meant)."""

    requirement: str
    kind: LossKind
    lost: tuple[str, ...]
    future: str
    period: str
    start: float
    length: float

    @property
    def name(self) -> str:
        """Name of the shock and of the rule that stand for it."""
        return f"{self.requirement} without {self.words} in {self.future} {self.period}"

    @property
    def words(self) -> str:
        """The loss in words."""
        return " and ".join(self.lost)


def outage_rules(instances: Instances) -> dict[str, Outage]:
    """The requirements that losses be survived."""
    return {name: part for name, part in _base(instances).requirements.items() if isinstance(part, Outage)}


def has_outages(instances: Instances) -> bool:
    """Whether the instance asks for losses to be survived."""
    return bool(outage_rules(instances))


def _base(instances: Instances) -> Instance:
    return next(iter(instances.values()))


def losses(instances: Instances) -> list[Loss]:
    """Every loss that the requirements name, in every period of their scope.

    What happens before futures can be told apart happens in the one they come from, with hindsight as well.
    """
    base = _base(instances)
    nodes = [n for n in build_tree(base).nodes if n.onset is None and n.source == n.future]
    return [
        Loss(name, part.loss, lost, node.future, node.period_name, node.start, node.length)
        for name, part in outage_rules(instances).items()
        for lost in combinations([n for n in candidates(base, part.loss) if fits_any(part.of, n)], part.together)
        for node in nodes if applies(part, node)
    ]


def candidates(instance: Instance, kind: LossKind) -> list[str]:
    """Everything of a kind that may be lost; a country that can supply nothing is none."""
    if kind != "country":
        sections: Mapping[LossKind, Mapping[str, object]] = {
            "facility": instance.facilities, "supplier": instance.suppliers, "lane": instance.lanes,
        }
        return list(sections[kind])
    suppliers = [s.origin for s in instance.suppliers.values() if s.origin is not None]
    places = [f.region for f in instance.facilities.values()] + suppliers
    return list(dict.fromkeys(country(instance, p) for p in places))


def exporters(instance: Instance, lost: Sequence[str]) -> list[str]:
    """The regions of countries and the origins of their suppliers."""
    origins = [s.origin for s in instance.suppliers.values() if s.origin is not None]
    return [place for place in dict.fromkeys([*instance.regions, *origins]) if country(instance, place) in lost]


def with_every_loss(instances: Instances) -> dict[str, Instance]:
    """The instances with all losses to be survived at once. Raises InputError where they are too many for a program."""
    every = losses(instances) if has_outages(instances) else []
    if len(every) > MOST_AT_ONCE:
        message = f"the outage requirements name {len(every):,} losses; one program holds at most {MOST_AT_ONCE}"
        hint = "planner solve finds those that matter; here name fewer facilities, countries, years or futures"
        raise InputError([Problem("too-many-losses", message, None, hint)])
    return withstanding(instances, every) if has_outages(instances) else dict(instances)


def withstanding(instances: Instances, chosen: Sequence[Loss]) -> dict[str, Instance]:
    """The instances with these losses as tested shocks to be survived, and no outage requirement any more."""
    base = _base(instances)
    shocks, controls, rules = dict(base.shocks), dict(base.controls), {
        name: _elsewhere(base, part) for name, part in base.requirements.items() if not isinstance(part, Outage)
    }
    for loss in chosen:
        part = outage_of(base, loss)
        bans = dict(_bans(base, part, loss))
        controls |= bans
        shocks[loss.name] = Shock.model_validate({
            "from": loss.future, "earliest": loss.start, "latest": loss.start, "length": loss.length, "hazard": 0.0,
            "tested": True, "controls": list(bans),
        })
        rules[loss.name] = Survive(
            kind="survive", shock=loss.name, years=loss.length, target=part.target, regions=part.regions,
            classes=part.classes, title=part.title, futures=[loss.name],
        )
    update = {"shocks": shocks, "controls": controls, "requirements": rules}
    found = each_once(instances, lambda i: i.model_copy(update=update))
    spoiled: dict[tuple[str, tuple[str, ...], str], Instance] = {}
    for loss in chosen:
        part = outage_of(base, loss)
        place = (part.loss, loss.lost, loss.future)
        if place not in spoiled:
            spoiled[place] = _without(found[loss.future], part, loss.lost)
        found[loss.name] = spoiled[place]
    return found


def outage_of(base: Instance, loss: Loss) -> Outage:
    """The requirement that names a loss."""
    part = base.requirements[loss.requirement]
    if not isinstance(part, Outage):
        raise TypeError(f"{loss.requirement} is no requirement on losses")
    return part


def _elsewhere(instance: Instance, part: Rule) -> Rule:
    """The rule as it holds in the futures and shocks there are, but not in losses: these have rules of their own."""
    known = [name for name in (*instance.futures, *instance.shocks) if fits_any(part.futures, name)]
    windows = [pattern for pattern in part.futures if "@" in pattern]
    return part.model_copy(update={"futures": [*known, *windows]})


def _bans(instance: Instance, part: Outage, loss: Loss) -> Iterator[tuple[str, Ban]]:
    """For a country: nothing comes out of it, neither bought nor sent."""
    if part.loss == "country":
        for exporter in exporters(instance, loss.lost):
            control = {"exporter": exporter, "kind": "ban", "commodities": ["*"], "destinations": ["*"]}
            yield f"{loss.name} from {exporter}", Ban.model_validate(control)


def _without(instance: Instance, part: Outage, lost: Sequence[str]) -> Instance:
    """The instance in a loss: what is lost stands still, stocks and pledges are free."""
    easier = relieved(instance)
    facilities = {
        name: f.model_copy(update={"availability": NOTHING}) if is_lost(instance, part.loss, name, lost) else f
        for name, f in easier.facilities.items()
    }
    return easier.model_copy(update={"facilities": facilities})


def relieved(instance: Instance) -> Instance:
    """The instance without what need not be kept in a loss."""
    piles = {name: pile.model_copy(update={"least": NOTHING}) for name, pile in instance.stockpiles.items()}
    outlets = {name: outlet.model_copy(update={"least": NOTHING}) for name, outlet in instance.outlets.items()}
    limits = {
        name: limit.model_copy(update={"least": NOTHING}) if limit.least is not None else limit
        for name, limit in instance.limits.items()
    }
    facilities = {name: f.model_copy(update={"minimum_load": NOTHING}) for name, f in instance.facilities.items()}
    return instance.model_copy(
        update={"stockpiles": piles, "outlets": outlets, "limits": limits, "facilities": facilities}
    )


def is_lost(instance: Instance, kind: LossKind, facility: str, lost: Sequence[str]) -> bool:
    """Whether a facility stands still when these are lost."""
    if kind == "country":
        return country(instance, instance.facilities[facility].region) in lost
    return kind == "facility" and facility in lost
