"""The first half of a random instance: its frame, what makes and what could be built. See `generators.instances`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

Raw = dict[str, Any]
Choice = TypeVar("Choice")

UNITS = [("t", "MUSD", "USD/kg", 0.001), ("kt", "MUSD", "USD/kg", 1.0), ("t", "USD", "USD/t", 1.0)]
AMOUNTS = [10.0, 20.0, 25.0, 40.0, 60.0, 80.0]
PRICES = [2.0, 5.0, 8.0, 12.0, 20.0, 30.0]
PROBABILITIES = {1: [[1.0]], 2: [[0.5, 0.5], [0.75, 0.25]], 3: [[0.5, 0.25, 0.25], [0.4, 0.4, 0.2]]}
FUTURES = ["calm", "tense", "closed"]
EXPORTER = "CN"


class Industry:
    """Draws the parts of one instance; later parts look at what earlier ones chose."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.raw: Raw = {}
        self.changes: list[tuple[str, Any]] = []

    def pick(self, options: Sequence[Choice]) -> Choice:
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
        self.shocked = self.chance()
        most = 4 if self.shocked else 5
        lengths = [self.pick([1.0, 0.5, 2.0, 3.0, 5.0]) for _ in range(self.draw(st.integers(1, most)))]
        start = self.pick([2026.0, 2026.0, 2027.5])
        self.raw = {"name": "random", "units": {"quantity": quantity, "money": money, "price": price}}
        self.raw["time"] = {
            "start": start,
            "periods": [{"length": length, "name": f"p{i}"} for i, length in enumerate(lengths)]
            if self.chance(4) else lengths,
            "discount_rate": self.pick([0.05, 0.0, 0.08, 0.1]),
            "base_year": start - self.pick([0.0, 1.0]),
            "discounting": self.pick(["mid_period", "start_of_period", "end_of_period", "continuous"]),
            "capital_charge": "annuity" if self.shocked else self.pick(["annuity", "annuity", "lump_sum"]),
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
        self.controlled = self.shocked or self.chance()
        self.raw["shocks"] = self.shocks(futures) if self.shocked else {}
        if self.chance(5):
            self.raw["clairvoyant"] = True
        if self.chance(3):
            self.risk(futures)

    def shocks(self, futures: Raw) -> Raw:
        """One or two shocks; together they must not be surer than sure in the longest period."""
        shocks: Raw = {}
        names = ["embargo", "strike"][: self.pick([1, 1, 2])]
        for name in names:
            shock: Raw = {"length": self.pick([0.5, 1.0, 1.5, 3.0])}
            shock["hazard"] = self.pick([0.01, 0.05, 0.1] if len(names) > 1 else [0.05, 0.1, 0.3])
            origin = self.pick([next(iter(futures)), *futures])
            onsets = [start for start in self.starts if start >= futures[origin].get("branches", 0.0)]
            first = self.draw(st.integers(0, len(onsets) - 1))
            if origin != next(iter(futures)) or self.chance():
                shock["from"] = origin
            if len(onsets) > 2 or self.chance():
                # At most two onsets keep the tree small.
                shock["earliest"] = max(self.starts[0], onsets[first] - self.pick([0.0, 0.25]))
                shock["latest"] = onsets[min(first + self.pick([0, 1]), len(onsets) - 1)]
            shocks[name] = shock
        return shocks

    def risk(self, futures: Raw) -> None:
        """How bad futures weigh; ranges of what may be off."""
        measures = ["cvar", "worst", "intervals"] + ([] if self.shocked else ["regret"])
        risk: Raw = {"measure": self.pick(measures), "weight": self.pick([1.0, 0.5, 0.25])}
        if risk["measure"] == "cvar":
            risk["tail"] = self.pick([0.1, 0.25, 0.5, 1.0])
        if risk["measure"] == "intervals":
            for number, future in enumerate(futures.values()):
                if number == 0 or self.chance():
                    chance = future["probability"]
                    future["range"] = [round(chance * self.pick([0.5, 0.8]), 9), min(1.0, round(chance * 1.25, 9))]
            for shock in self.raw["shocks"].values():
                if self.chance():
                    shock["range"] = [shock["hazard"] * self.pick([0.0, 0.5]), shock["hazard"] * 1.2]
        self.raw["objective"]["risk"] = risk

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
                if self.chance():
                    part["stage"] = {"mine": "mine", "sinter": "magnet"}.get(process, "separation")
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
        """Fixed and variable cost, or a curve over the range of sizes: concave, convex or neither."""
        module = size.get("module", 0.0) * size.get("modules", 0)
        largest: float = size.get("most") or size.get("fixed") or module
        if "most" in size and self.chance(3):
            shares = self.pick([[0.6, 0.8, 1.0], [0.25, 0.5, 1.0], [0.5, 0.6, 1.0]])
            smallest = size.get("least", 0.0)
            sizes = [smallest, (smallest + largest) / 2, largest]
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
            if self.shocked and self.chance(3):
                part["emergency"] = True
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
        for name, part in projects.items():
            # A pledge must not be delayed, nothing beyond the horizon.
            first = next(start for start in self.starts if start >= part.get("earliest", 0.0))
            years = [years for years in (1.5, 2.5, 0.25) if first + years < self.end]
            if name != pledged and years:
                self.changes.append((f"projects.{name}.lead_time", self.pick(years)))
        if self.chance(3):
            most = len(projects) if any("requires" in part for part in projects.values()) else self.pick([1, 2])
            groups["crews"] = {"projects": ["expand-*"], "at_most": most, "building_at_once": 1}
        if self.chance(3) and not pledged:
            groups["fund"] = {"projects": ["*"], "most_size": 120.0, "most_capital": self.money(20.0, 60.0)}
        return groups
