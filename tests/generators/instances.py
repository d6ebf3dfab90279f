"""Random instances for property tests: small, feasible and bounded by construction, plain dicts.

Feasible, because every demand has shortage tranches for all of it, whatever must be sold or bought has a
source without limit, only mines whose ore can be disposed of have a minimum load, and requirements that could
fail are elastic. Bounded, because every sale at a price above zero and every store with a final value is limited.
Valid, because whatever is named is there, connected and within the horizon.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from planner.language.instance import Instance
from tests.generators.industry import AMOUNTS, EXPORTER, PRICES, Raw
from tests.generators.security import Security

__all__ = ["Raw", "by_future", "instances"]


class Maker(Security):
    """Adds trade, users and rules to the industry."""

    # Trade

    def lanes(self) -> None:
        """A web of lanes, and one special movement with a fixed cost, a curve or a project."""
        goods = ["ore", "oxide.*", "magnet"] + (["scrap"] if self.scrap else [])
        carried = [name for name in goods if name == "magnet" or self.chance()]
        web: Raw = {"commodities": carried, "from": ["*"], "to": self.pick([self.places, ["*"]])}
        web |= {"freight": self.figure([0.5, 1.0, 2.0]), "loss": self.pick([0.0, 0.0, 0.1])}
        if self.controlled or self.chance(3):
            web["capacity"] = self.figure(AMOUNTS)
        if self.chance(3):
            web |= {"tariff": self.pick([0.1, 0.25]), "customs_value": self.figure(PRICES)}
        self.raw["lanes"] = {"web": web}
        self.changes += [("lanes.web.freight", 3.0), ("lanes.web.capacity", 15.0)]
        if self.chance():
            self.raw["lanes"]["link"] = self.link()
            self.changes.append(("lanes.link.fixed_cost", self.money(2.0, 10.0)))

    def link(self) -> Raw:
        """One movement out of the exporter's region, or into it when there is only one other."""
        link: Raw = {"commodities": ["magnet"], "from": [EXPORTER], "to": [self.places[0]], "freight": 0.5}
        if len(self.places) > 1:
            link |= {"from": [self.places[1]], "commodities": [self.pick(["magnet", "oxide.nd"])]}
        link["capacity"] = self.pick([0.0, 20.0, 40.0])
        kind = self.draw(st.integers(0, 2))
        if kind == 0:
            link["fixed_cost"] = self.money(2.0, 10.0)
            link["capacity"] = 30.0
        if kind == 1:
            costs = self.pick([[0.0, 40.0, 60.0], [0.0, 15.0, 60.0]])
            sizes = [0.0, 20.0, 60.0]
            link["freight"] = 0.0
            link["curve"] = [{"size": s, "cost": self.money(1.0, c)} for s, c in zip(sizes, costs, strict=True)]
        if kind == 2:
            part = self.schedule() | {"lane": "link", "size": {"most": 40.0}}
            link["fixed_cost"] = self.money(self.pick([0.0, 1.0]), 10.0)
            self.raw["projects"]["track"] = part | {"capital": {"variable": 2.0, "fixed": self.money(1.0, 10.0)}}
        return link

    def suppliers(self) -> None:
        """The exporter's steps, and in some a source without limit on which pledges rest."""
        suppliers: Raw = {}
        for commodity in self.some(["oxide.nd", "magnet", "ore"]):
            part: Raw = {"commodity": commodity, "origin": EXPORTER, "regions": self.pick([["*"], self.places])}
            amounts = self.some(AMOUNTS)[:2]
            part["steps"] = [{"price": self.figure(PRICES), "amount": amount} for amount in amounts]
            if self.chance(4):
                part["steps"][0]["reserve"] = 60.0
            if self.chance():
                part["region_limits"] = {self.places[0]: self.figure(AMOUNTS)}
            if self.chance():
                part["delivery_costs"] = {place: self.figure([0.5, 1.0]) for place in self.places}
            if self.chance(3):
                part["tariffs"] = {self.places[-1]: self.figure([0.1, 0.25])}
            suppliers[f"cn-{commodity}"] = part
            self.changes.append((f"suppliers.cn-{commodity}.steps.0.amount", 15.0))
        self.endless = self.pick(["", "", "oxide.nd", "magnet", "ore"])
        if self.endless:
            steps = [{"price": 40.0, "amount": 5.0}, {"price": 50.0}]
            suppliers["world"] = {"commodity": self.endless, "regions": ["*"], "steps": steps}
        self.raw["suppliers"] = suppliers

    def outlets(self) -> None:
        """Buyers of limited depth, one who has to be paid, one with a least amount."""
        outlets: Raw = {}
        for commodity in self.some([name for name in self.raw["commodities"] if name != "ore"], 0):
            steps = [{"price": self.figure(PRICES), "amount": self.figure([2.0, 5.0, 15.0])}]
            if self.chance():
                steps.append({"price": -1.0})
            part: Raw = {"commodity": commodity, "regions": self.pick([["*"], [self.places[0]]]), "steps": steps}
            if self.chance(3):
                part["delivery_costs"] = {self.places[0]: 0.5}
            outlets[f"buyer-{commodity}"] = part
        if self.endless and self.chance():
            steps = [{"price": 10.0, "amount": 3.0}, {"price": 0.0}]
            least = self.figure([4.0])
            outlets["contract"] = {"commodity": self.endless, "regions": ["*"], "steps": steps, "least": least}
        self.raw["outlets"] = outlets
        limits: Raw = {}
        if self.chance(3):
            limits["quota"] = {"suppliers": ["cn-*"], "lanes": ["web"], "most": self.figure(AMOUNTS)}
        if self.chance(3):
            buyers = ["buyer-*"] if any(name.startswith("buyer") for name in outlets) else []
            limits["permit"] = {"activities": ["separate-*/separate*"], "outlets": buyers, "most": 150.0}
        if self.endless and self.chance(3):
            limits["take"] = {"suppliers": ["world"], "least": 2.0}
        self.raw["limits"] = limits

    # Users

    def demands(self) -> None:
        """Users whose every shortage has a price."""
        demands: Raw = {}
        for number, place in enumerate(self.some(self.places)):
            name = f"users-{number}"
            part: Raw = {"region": place, "class": self.pick(["ev", "defence"]), "amount": self.figure(AMOUNTS)}
            part["accepts"] = self.pick([{"magnet": 1.0}, {"magnet": 1.25, "oxide.nd": 0.5}])
            shares = self.pick([[1.0], [0.25, 0.75], [0.5, 0.5]])
            part["shortage"] = [{"share": share, "cost": 40.0 * (i + 1)} for i, share in enumerate(shares)]
            if self.chance():
                cost = self.figure([10.0, 25.0])
                part["substitution"] = {"growth": self.pick([0.02, 0.1]), "most": 0.3, "cost": cost}
            demands[name] = part
            self.changes.append((f"demands.{name}.amount", 50.0))
        self.raw["demands"] = demands
        if self.scrap:
            lifetime = self.pick([{1: 0.5, 3: 0.4}, {0: 0.1, 2: 0.9}, {5: 1.0}])
            self.raw["returns"] = {
                "old": {
                    "commodity": "scrap", "region": self.pick(self.places), "delivered": {"magnet": 0.9},
                    "demands": [self.pick(["*", "users-0"])], "lifetime": lifetime,
                    "rate": self.figure([0.5, 0.8], 1.0),
                    "history": self.figure([0.0, 5.0]), "cost": self.figure([0.5, 1.0]),
                }
            }  # fmt: skip

    def stockpiles(self) -> None:
        """Stores whose least stock is what would be left of the initial one untouched, at most."""
        stockpiles: Raw = {}
        for number in range(self.draw(st.integers(0, 2))):
            initial, decay = self.pick([0.0, 20.0, 40.0]), self.pick([0.0, 0.05])
            part: Raw = {"commodity": self.pick(["oxide.nd", "magnet"]), "region": self.pick(self.places)}
            part |= {"owner": self.pick(["government", "commercial"]), "initial": initial, "decay": decay}
            part["release"] = self.pick(["always", "emergency"])
            part["holding_cost"] = self.figure([0.1, 0.5])
            if self.chance():
                part |= {"capacity": 50.0, "final_value": self.pick([0.0, 5.0, 20.0])}
            if self.chance():
                left = initial * (1 - decay) ** (self.end - self.starts[0])
                part["least"] = float(int(left * 0.5))
            if self.chance():
                part |= {"fill_limit": self.figure([5.0, 10.0]), "release_limit": self.figure([5.0, 15.0])}
            stockpiles[f"store-{number}"] = part
        self.raw["stockpiles"] = stockpiles

    def overrides(self) -> None:
        """Figures that differ in later futures and within the windows of shocks."""
        for future in [*list(self.raw["futures"].values())[1:], *self.raw["shocks"].values()]:
            chosen = self.some(self.changes, 0)[:3] if self.chance() else []
            if chosen:
                future["overrides"] = dict(chosen)


@st.composite
def instances(draw: st.DrawFn) -> Raw:
    """A random instance as a plain dict, ready for `Instance.model_validate`."""
    maker = Maker(draw)
    maker.frame()
    maker.futures()
    maker.processes()
    maker.facilities()
    maker.projects()
    maker.lanes()
    maker.suppliers()
    maker.outlets()
    maker.demands()
    maker.stockpiles()
    maker.controls()
    maker.requirements()
    maker.overrides()
    return maker.raw


def by_future(raw: Mapping[str, Any]) -> dict[str, Instance]:
    """The instance of every future, then of every shock: the plain dict with its overrides (no patterns) applied.

    Those of a shock come on top of those of the future it breaks into.
    """
    futures = raw.get("futures", {"base": {}})
    sources = {name: [future] for name, future in futures.items()}
    for name, shock in raw.get("shocks", {}).items():
        sources[name] = [futures[shock.get("from", next(iter(futures)))], shock]
    variants = {}
    for name, parts in sources.items():
        changed = copy.deepcopy(dict(raw))
        for path, value in (change for part in parts for change in part.get("overrides", {}).items()):
            _change(changed, path, value)
        variants[name] = Instance.model_validate(changed)
    return variants


def _change(part: Any, path: str, value: Any) -> None:
    """Set what stands at a dotted path; the longest key that fits is taken, for keys that contain dots."""
    if isinstance(part, list):
        index, _, rest = path.partition(".")
        _change(part[int(index)], rest, value)
        return
    fitting = [key for key in part if path.startswith(f"{key}.")]
    if fitting and path not in part:
        key = max(fitting, key=len)
        _change(part[key], path[len(key) + 1 :], value)
    else:
        part[path] = value
