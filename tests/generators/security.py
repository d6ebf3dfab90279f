"""The part of a random instance that says what a plan must satisfy. See `tests.generators.instances`."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.generators.controls import Controls
from tests.generators.industry import EXPORTER, Raw


class Security(Controls):
    """Adds requirements of every kind, at a price wherever they could fail."""

    def requirements(self) -> None:
        """Served shares at a price; dependence hard or at a price; up to two rules of the other kinds."""
        requirements: Raw = {}
        if self.chance():
            part: Raw = {"kind": "served", "target": self.figure([0.8, 0.95], 1.0), "elastic": {"penalty": 15.0}}
            classes = [demand["class"] for demand in self.raw["demands"].values()]
            scopes: list[Raw] = [{}, {"classes": [self.pick(classes)]}, {"start": self.starts[-1]}]
            part |= self.pick(scopes)
            requirements["keep-serving"] = part
        if self.chance():
            requirements["less-dependent"] = self.dependence()
        makers = [self.concentration, self.sources, self.cover, self.sharing, self.expected, self.tail, self.certain,
                  self.budget, self.after_onset, self.leverage]
        for number in range(self.draw(st.integers(0, 2))):
            found = self.pick(makers)()
            if found:
                requirements[f"rule-{number}"] = found
        self.raw["requirements"] = requirements

    def dependence(self) -> Raw:
        part: Raw = {"kind": "dependence", "exporter": EXPORTER, "commodities": ["*"]}
        supplied = [name.removeprefix("cn-") for name in self.raw["suppliers"] if name != "world"]
        if self.chance():
            part["commodities"] = [self.pick(supplied)]
        elif self.chance():
            stage = self.raw["commodities"][supplied[0]].get("stage", "*")
            part |= {"commodities": [], "stages": [f"{stage[:2]}*"]}
        part |= {"share": self.figure([0.5, 0.2], 1.0), "by": self.pick([["region", "commodity"], ["region"], []])}
        if self.chance():
            part["elastic"] = {"penalty": self.figure([3.0, 10.0])}
        if self.chance():
            part |= {"futures": [self.pick(list(self.raw["futures"]))], "end": self.end}
        return part

    def priced(self, part: Raw) -> Raw:
        """The rule at a price, in some for a future only."""
        part["elastic"] = {"penalty": self.pick([3.0, 12.0])}
        if self.chance(4):
            part["futures"] = [next(iter(self.raw["futures"]))]
        return part

    def concentration(self) -> Raw:
        part: Raw = {"kind": "concentration", "commodities": ["magnet", "oxide.*"]}
        part["among"] = self.pick(["all", "outside"])
        part["by"] = self.pick([["commodity"], ["stage"], ["region", "commodity"], []])
        if self.chance():
            return self.priced(part | {"hhi": self.figure([0.3, 0.6], 1.0), "tangents": self.pick([2, 5])})
        return self.priced(part | {"largest": self.pick([1, 2]), "share": self.figure([0.4, 0.7], 1.0)})

    def sources(self) -> Raw:
        part: Raw = {"kind": "supplier_count", "commodities": ["*"], "by": [], "count": self.pick([1, 2])}
        part |= {"least": self.figure([2.0, 6.0]), "independent": self.pick(["country", "facility"])}
        return self.priced(part)

    def cover(self) -> Raw:
        if not self.raw["stockpiles"]:
            return {}
        return self.priced({"kind": "cover", "days": self.figure([30.0, 90.0]), "pooled": self.chance()})

    def sharing(self) -> Raw:
        users = [(part["region"], part["class"]) for part in self.raw["demands"].values()]
        shared = any(one[1] == other[1] and one[0] != other[0] for one in users for other in users)
        return self.priced({"kind": "sharing", "max_gap": self.figure([0.1, 0.3], 1.0)}) if shared else {}

    def expected(self) -> Raw:
        by = self.pick([[], ["region"], ["region", "class"]])
        return self.priced({"kind": "expected_unserved", "share": self.pick([0.02, 0.2]), "by": by})

    def tail(self) -> Raw:
        part: Raw = {"kind": "tail", "tail": self.pick([0.1, 0.4]), "of": self.pick(["unserved", "cost"])}
        if part["of"] == "cost":
            part["most"] = self.money(5.0, 40.0)
            part["elastic"] = {"penalty": self.pick([0.3, 2.0])}
            return part
        return self.priced(part | {"share": self.pick([0.05, 0.3])})

    def certain(self) -> Raw:
        part: Raw = {"kind": "chance", "target": self.figure([0.7, 0.9], 1.0), "probability": self.pick([0.5, 0.9])}
        return self.priced(part)

    def budget(self) -> Raw:
        if not self.raw["projects"] or "pledge" in self.raw["project_groups"]:
            return {}
        part: Raw = {"kind": "budget", "of": "capital", "per": self.pick(["year", "total"])}
        part |= {"most": self.money(1.0, 20.0)}
        return part | ({"elastic": {"penalty": self.pick([0.2, 3.0])}} if self.chance() else {})

    def after_onset(self) -> Raw:
        if not self.raw["shocks"]:
            return {}
        name = self.pick(list(self.raw["shocks"]))
        kind, years = self.pick(["survive", "recover"]), self.raw["shocks"][name]["length"]
        part: Raw = {"kind": kind, "shock": name, "target": self.figure([0.5, 0.9], 1.0)}
        part["years"] = years if kind == "survive" else 0.0
        part["elastic"] = {"penalty": 5.0}
        return part

    def leverage(self) -> Raw:
        if not self.raw["shocks"]:
            return {}
        name = self.pick(list(self.raw["shocks"]))
        part: Raw = {"kind": "leverage", "shock": name, "most": self.money(1.0, 10.0)}
        return part | {"elastic": {"penalty": self.pick([0.1, 2.0])}}
