"""Random instances for property tests: small, feasible and bounded by construction, plain dicts.

Feasible, because every demand has shortage tranches for all of it, whatever must be sold or bought has a
source without limit, only mines whose ore can be disposed of have a minimum load, and requirements that could
fail are elastic. Bounded, because every sale at a price above zero and every store with a final value is limited. Valid,
because whatever is named is there, connected and within the horizon; warnings may remain.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st

from planner.schema import Instance

Raw = dict[str, Any]
Choice = TypeVar("Choice")

UNITS = [("t", "MUSD", "USD/kg", 0.001), ("kt", "MUSD", "USD/kg", 1.0), ("t", "USD", "USD/t", 1.0)]
AMOUNTS = [10.0, 20.0, 25.0, 40.0, 60.0, 80.0]
PRICES = [2.0, 5.0, 8.0, 12.0, 20.0, 30.0]
PROBABILITIES = {1: [[1.0]], 2: [[0.5, 0.5], [0.75, 0.25]], 3: [[0.5, 0.25, 0.25], [0.4, 0.4, 0.2]]}
FUTURES = ["calm", "tense", "closed"]
EXPORTER = "CN"


class Maker:
    """Draws the parts of one instance; later parts look at what earlier ones chose."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.raw: Raw = {}
        self.changes: list[tuple[str, Any]] = []

    def pick(self, options: list[Choice]) -> Choice:
        return self.draw(st.sampled_from(options))

    def some(self, options: list[Choice], least: int = 1) -> list[Choice]:
        """A part of the options in their order."""
        count = self.draw(st.integers(least, len(options)))
        return sorted(self.draw(st.permutations(options))[:count], key=options.index)

    def chance(self, one_in: int = 2) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    def figure(self, options: list[float], most: float = 1e9) -> Any:
        """A number, a table of years or a figure in full."""
        value, year = self.pick(options), int(self.raw["time"]["start"])
        shape = self.draw(st.integers(0, 7))
        other = min(most, value * self.pick([0.5, 1.5, 2.0]))
        if shape == 5:
            return {year: value, year + 3: other}
        if shape == 6:
            return {"by_year": {year + 1: value, year + 2: other}, "interpolate": "step"}
        if shape == 7:
            return {"value": value, "low": value / 2, "high": value * 2}
        return value

    def money(self, price: float, amount: float) -> float:
        """The money that an amount at a price costs, in the instance's unit of money."""
        return round(self.factor * price * amount, 9)

    # Frame

    def frame(self) -> None:
        """Units, time, regions, commodities."""
        quantity, money, price, self.factor = self.pick(UNITS)
        lengths = [self.pick([1.0, 0.5, 2.0, 3.0, 5.0]) for _ in range(self.draw(st.integers(1, 5)))]
        start = self.pick([2026.0, 2026.0, 2027.5])
        self.raw = {"name": "random", "units": {"quantity": quantity, "money": money, "price": price}}
        self.raw["time"] = {
            "start": start,
            "periods": [{"length": length, "name": f"p{i}"} for i, length in enumerate(lengths)]
            if self.chance(4) else lengths,
            "discount_rate": self.pick([0.05, 0.0, 0.08, 0.1]),
            "base_year": start - self.pick([0.0, 1.0]),
            "discounting": self.pick(["mid_period", "start_of_period", "end_of_period", "continuous"]),
            "capital_charge": self.pick(["annuity", "annuity", "lump_sum"]),
            "interest_during_construction": self.chance(),
        }  # fmt: skip
        self.starts = [start + sum(lengths[:i]) for i in range(len(lengths))]
        self.end = start + sum(lengths)
        self.raw["plan"] = self.pick(["common", "adaptive"])
        self.raw["objective"] = {"sense": self.pick(["minimise", "minimise", "maximise"])}
        self.places = self.some(["US", "JP", "AU"])
        self.raw["regions"] = {place: {} for place in [*self.places, EXPORTER]}
        self.commodities()

    def commodities(self) -> None:
        """A chain from ore to magnets, with a joint product and scrap in some."""
        self.joint, self.scrap = self.chance(), self.chance()
        cost = self.pick(["free", self.pick([0.5, 1.0])])
        parts: Raw = {
            "ore": {"stage": "mine", "elements": {"Nd": 0.2, "La": 0.3}, "disposal": cost},
            "oxide.nd": {"stage": "separation", "elements": {"Nd": 0.85}, "disposal": "free"},
            "magnet": {"stage": "magnet", "elements": {"Nd": 0.3}, "disposal": "free"},
        }
        if self.joint:
            disposal = self.pick(["forbidden", "free", 2.0])
            parts["oxide.la"] = {"stage": "separation", "elements": {"La": 0.8}, "disposal": disposal}
        if self.scrap:
            parts["scrap"] = {"stage": "recycling", "elements": {"Nd": 0.3}, "disposal": "free"}
        self.raw["elements"] = ["Nd", "La"]
        self.raw["commodities"] = parts

    def futures(self) -> None:
        """A fan, a tree of branches or one future."""
        count = self.draw(st.integers(1, 3))
        chances = self.pick(PROBABILITIES[count])
        futures: Raw = {}
        for index, name in enumerate(FUTURES[:count]):
            future: Raw = {"probability": chances[index]}
            if index:
                future["from"] = self.pick(FUTURES[:index])
                branches = [*self.starts[1:], *(start - 0.25 for start in self.starts[1:]), self.starts[0]]
                # A branch of a branch must not part before it does.
                earliest = futures[future["from"]].get("branches", 0.0)
                future["branches"] = max(earliest, self.pick(branches))
            futures[name] = future
        self.raw["futures"] = futures
        # What lets only a share pass needs a limit of which it is a share, so lanes must know.
        self.controlled = self.chance()

    def trade(self) -> list[tuple[str, str, str]]:
        """Exporter, commodity and destination of everything that a control could act on."""
        found = [
            (EXPORTER, supplier["commodity"], place)
            for name, supplier in self.raw["suppliers"].items() if name != "world"
            for place in self.places
        ]  # fmt: skip
        others = [place for place in self.places[1:]]
        return found + [(self.places[0], "magnet", place) for place in others]

    def controls(self) -> None:
        """Measures of the exporter, and of the first region, each in force in some future."""
        controls: Raw = {}
        futures = list(self.raw["futures"].values())
        for name in ["licence", "ban", "second"][: self.draw(st.integers(1, 3)) if self.controlled else 0]:
            start = self.pick(self.starts) + self.pick([0.0, 0.25, -0.5])
            exporter, commodity, destination = self.pick(self.trade())
            scopes: list[Raw] = [{"commodities": [f"{commodity[:3]}*"]}, {"elements": ["Nd"]}]
            scopes.append({"stages": [self.raw["commodities"][commodity]["stage"]]})
            control: Raw = {"exporter": exporter, "start": start} | dict(self.pick(scopes))
            control["destinations"] = self.pick([["*"], [destination]])
            control["kind"] = "ban" if name == "ban" else "licence"
            chosen = self.some(futures)
            for future in chosen:
                future["controls"] = [*future.get("controls", []), self.pick([name, f"{name[:3]}*"])]
            if self.chance():
                begun = max(start, *(future.get("branches", 0.0) for future in chosen))
                control["end"] = max(start, begun, self.starts[0]) + self.pick([2.0, 4.0, 7.5])
                begins = [max(branch.get("branches", 0.0), self.starts[0]) for branch in chosen]
                own = min(next((s for s in self.starts if s >= begin), self.end) for begin in begins)
                control["end"] = max(control["end"], own + 0.5)
            if name != "ban":
                control["passes"] = self.pick([0.5, 0.8, 0.25, 0.0])
                control["delay"] = self.pick([0.0, 0.25, 1.0])
            controls[name] = control
        self.raw["controls"] = controls

    # Making

    def processes(self) -> None:
        """Recipes that keep mass and elements."""
        joint = {"oxide.la": 0.3} if self.joint else {}
        swarf = {"scrap": 0.1} if self.scrap else {}
        price = [1.0, 2.0, 4.0]
        self.raw["processes"] = {
            "mine": {"outputs": {"ore": 1}, "variable_cost": self.figure(price), "adds_mass": 1},
            "separate": {
                "inputs": {"ore": 1}, "outputs": {"oxide.nd": 0.2} | joint, "variable_cost": self.figure(price),
            },
            "separate.fine": {
                "inputs": {"ore": 1}, "outputs": {"oxide.nd": 0.22} | joint, "use": 1.25,
                "variable_cost": self.figure([5.0, 6.0]),
            },
            "sinter": {
                "inputs": {"oxide.nd": 0.4}, "outputs": {"magnet": 1} | swarf, "adds_mass": 0.8,
                "variable_cost": self.figure(price),
            },
        }  # fmt: skip
        if self.scrap:
            recipe = {"inputs": {"scrap": 1}, "outputs": {"oxide.nd": 0.3}, "use": 0.5, "variable_cost": 1.5}
            self.raw["processes"]["recycle"] = recipe
        self.changes.append(("processes.sinter.variable_cost", 9.0))

    def facilities(self) -> None:
        """A mine, separation, magnet plants and recycling in some of the regions."""
        facilities: Raw = {}
        kinds = [("mine", 300.0), ("separate*", 200.0), ("sinter", 40.0)] + ([("recycle", 10.0)] if self.scrap else [])
        for process, size in kinds:
            # The first region has the whole chain, so that there are magnets to be had.
            for place in sorted({self.places[0], self.pick(self.places)}, key=self.places.index):
                name = f"{process.strip('*')}-{place}"
                part: Raw = {"region": place, "processes": [process]}
                part["capacity"] = self.figure([0.0, size, size / 2])
                part["availability"] = self.pick([1.0, 0.9])
                part["fixed_cost"] = self.pick([0.0, 0.5, 1.0])
                part["retirement"] = self.chance(3)
                if process == "mine" and self.chance(3):
                    part["minimum_load"] = self.pick([0.2, 0.5])
                if process == "separate*" and self.chance(3):
                    part["variable_costs"] = {"separate.fine": self.figure([3.0, 4.0])}
                facilities[name] = part
                self.changes.append((f"facilities.{name}.capacity", size * 0.75))
        self.raw["facilities"] = facilities

    def size(self, full: float) -> Raw:
        kind = self.draw(st.integers(0, 3))
        if kind == 0:
            return {"fixed": full}
        if kind == 1:
            return {"most": full} | ({"least": full / 4} if self.chance() else {})
        if kind == 2:
            return {"module": full / 4, "modules": self.pick([2, 3])}
        return {"least": full / 4, "most": full}

    def capital(self, size: Raw, price: float) -> Raw:
        """Fixed and variable cost, or a curve: concave, convex or neither, and no shorter than the sizes."""
        module = size.get("module", 0.0) * size.get("modules", 0)
        largest: float = size.get("most") or size.get("fixed") or module
        if self.chance(3):
            shares = self.pick([[0.6, 0.8, 1.0], [0.25, 0.5, 1.0], [0.5, 0.6, 1.0]])
            smallest, end = self.pick([0.125, 0.25]) * largest, self.pick([1.0, 1.5]) * largest
            sizes = [smallest, (smallest + end) / 2, end]
            costs = [self.money(price * share, largest) for share in shares]
            return {"curve": [{"size": s, "cost": cost} for s, cost in zip(sizes, costs, strict=True)]}
        fixed = self.money(price * self.pick([0.25, 0.5]), largest) if self.chance() else 0.0
        return {"fixed": fixed, "variable": self.figure([price, price / 2])}

    def projects(self) -> None:
        """Ways to add to facilities; windows always contain the start of a period."""
        projects: Raw = {}
        targets = [(name, 200.0 if name.startswith("sep") else 40.0) for name in self.raw["facilities"]]
        for number, (facility, full) in enumerate(self.some(targets, 0)[:3]):
            name = f"expand-{number}"
            size = self.size(full)
            part = self.schedule() | {"facility": facility, "size": size}
            part["capital"] = self.capital(size, self.pick(PRICES))
            part["repeatable"] = self.chance(4)
            if number and self.chance(3):
                part["requires"] = [f"expand-{number - 1}"]
                part.pop("latest", None)
            projects[name] = part
            if "variable" in part["capital"]:
                self.changes.append((f"projects.{name}.capital.variable", 4.0))
        self.raw["projects"] = projects
        self.raw["project_groups"] = self.groups(projects) if projects else {}

    def schedule(self) -> Raw:
        """When a project may be decided, and how it comes and goes."""
        part: Raw = {"lead_time": self.pick([0.0, 1.0, 0.5, 1.75, 3.0]), "life": self.pick([20.0, 30.0, 2.5])}
        first, last = sorted([self.pick(self.starts), self.pick(self.starts)])
        if first + part["lead_time"] >= self.end:
            part["lead_time"] = 0.0
        part["ramp"] = self.pick([[], [0.5], [0.25, 0.75]])
        if self.chance(3):
            part["cost_of_capital"] = self.pick([0.0, 0.12])
        if self.chance(3):
            part["earliest"] = first - self.pick([0.0, 0.25])
        if self.chance(3):
            part["latest"] = last
        return part

    def groups(self, projects: Raw) -> Raw:
        """Limits that can be kept: a pledge only where the project is free to be decided."""
        groups: Raw = {}
        pledged = None
        if self.chance(4):
            name = "expand-0"
            size = projects[name]["size"]
            full = size.get("most", size.get("fixed", size.get("module")))
            groups["pledge"] = {"projects": [name], "least_size": full / 2}
            pledged = name
        if self.chance(3):
            most = len(projects) if any("requires" in part for part in projects.values()) else self.pick([1, 2])
            groups["crews"] = {"projects": ["expand-*"], "at_most": most, "building_at_once": 1}
        if self.chance(3) and not pledged:
            groups["fund"] = {"projects": ["*"], "most_size": 120.0, "most_capital": self.money(20.0, 60.0)}
        return groups

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
        self.changes.append(("lanes.web.freight", 3.0))
        if self.chance():
            self.raw["lanes"]["link"] = self.link()

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

    def requirements(self) -> None:
        """Served shares at a price; dependence hard or at a price."""
        requirements: Raw = {}
        if self.chance():
            part: Raw = {"kind": "served", "target": self.figure([0.8, 0.95], 1.0), "elastic": {"price": 15.0}}
            classes = [demand["class"] for demand in self.raw["demands"].values()]
            scopes: list[Raw] = [{}, {"classes": [self.pick(classes)]}, {"start": self.starts[-1]}]
            part |= dict(self.pick(scopes))
            requirements["keep-serving"] = part
        if self.chance():
            part = {"kind": "dependence", "exporter": EXPORTER, "commodities": ["*"]}
            if self.chance():
                supplied = [name.removeprefix("cn-") for name in self.raw["suppliers"] if name != "world"]
                part["commodities"] = [self.pick(supplied)]
            part |= {"share": self.figure([0.5, 0.2], 1.0), "by": self.pick([["region", "commodity"], ["region"], []])}
            if self.chance():
                part["elastic"] = {"price": self.figure([3.0, 10.0])}
            if self.chance():
                part |= {"futures": [self.pick(list(self.raw["futures"]))], "end": self.end}
            requirements["less-dependent"] = part
        self.raw["requirements"] = requirements

    def overrides(self) -> None:
        """Figures that differ in later futures."""
        for future in list(self.raw["futures"].values())[1:]:
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
    """The instance of every future: the plain dict with that future's overrides (no patterns) applied."""
    variants = {}
    for name, future in raw.get("futures", {"base": {}}).items():
        changed = copy.deepcopy(dict(raw))
        for path, value in future.get("overrides", {}).items():
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
