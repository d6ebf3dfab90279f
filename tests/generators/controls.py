"""The part of a random instance that says what exporters do. See `tests.generators.instances`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.generators.industry import EXPORTER, Industry, Raw

Trade = tuple[str, str, str]
KINDS = ["licence", "ban", "licence", "quota", "price", "technology"]


class Controls(Industry):
    """Adds measures of every kind, each in force in some future or shock and with something to act on."""

    def controls(self) -> None:
        """Measures of the exporter, and of the first region."""
        self.raw["controls"] = {}
        for number in range(self.draw(st.integers(1, 3)) if self.controlled else 0):
            kind = self.pick(KINDS[:5] if not self.raw["projects"] else KINDS)
            name = f"{kind}-{number}"
            control = self.window(self.users(name)) | {"kind": kind}
            if kind == "technology":
                control |= self.technology()
            else:
                control |= self.measure(kind)
            self.raw["controls"][name] = control
        for pile in self.raw["stockpiles"].values():
            if self.raw["controls"] and self.chance():
                pile["emergency"] = [self.pick([*self.raw["controls"], "*"])]

    def trade(self) -> list[Trade]:
        """Exporter, commodity and destination of everything that a control could act on."""
        found = [
            (EXPORTER, supplier["commodity"], place)
            for name, supplier in self.raw["suppliers"].items() if name != "world"
            for place in self.places
        ]  # fmt: skip
        return found + [(self.places[0], "magnet", place) for place in self.places[1:]]

    def users(self, name: str) -> list[Raw]:
        """Put a control into some futures and shocks; the futures are returned."""
        futures, shocks = list(self.raw["futures"].values()), list(self.raw["shocks"].values())
        chosen = self.some([*futures, *shocks])
        if shocks and self.chance():
            chosen = self.some(shocks)
        for part in chosen:
            part["controls"] = [*part.get("controls", []), self.pick([name, f"{name[:3]}*{name[-1]}"])]
        return [part for part in chosen if "probability" in part]

    def window(self, futures: list[Raw]) -> Raw:
        """When a control is in force: it must last into the first node that some of its futures have for themselves."""
        control: Raw = {}
        start = self.starts[0]
        if not self.chance(4):
            control["start"] = start = self.pick(self.starts) + self.pick([0.0, 0.25, -0.5])
        if self.chance():
            branches = [future.get("branches", self.starts[0]) for future in futures] or [self.starts[0]]
            own = min(next(begun for begun in self.starts if begun >= branch) for branch in branches)
            control["end"] = max(start, own) + self.pick([0.5, 2.0, 4.0])
            if self.chance():
                control["phase_out"] = self.pick([0.5, 1.5])
        if self.chance():
            control["phase_in"] = min(self.pick([0.25, 1.0, 3.0]), control.get("end", self.end + 9) - start)
        return control

    def measure(self, kind: str) -> Raw:
        """What a control of trade acts on and does."""
        trade = self.trade()
        if kind == "price":
            trade = [found for found in trade if found[0] == EXPORTER]
        exporter, commodity, destination = self.pick(trade)
        scopes: list[Raw] = [{"commodities": [f"{commodity[:3]}*"]}, {"elements": ["Nd"]}]
        scopes.append({"stages": [self.raw["commodities"][commodity]["stage"]]})
        control: Raw = {"exporter": exporter} | self.pick(scopes)
        control["destinations"] = self.pick([["*"], [destination]])
        if kind == "price" or self.chance(4):
            control["price"] = self.pick([0.5, 1.5, 3.0])
        if kind == "quota":
            control["amount"] = self.figure([0.0, 5.0, 15.0, 40.0])
        if kind == "licence":
            control["passes"] = self.pick([0.5, 0.8, 0.25, 0.0])
        if kind in ("ban", "licence") and self.chance():
            control |= self.classes(exporter, commodity, control["destinations"])
        if kind == "licence" and not ("classes" in control or "exempt" in control):
            control["delay"] = self.pick([0.0, 0.25, 1.0])
        return control

    def classes(self, exporter: str, commodity: str, destinations: list[str]) -> Raw:
        """Classes of users of the commodity that a control touches, or does not; nothing where nobody uses it."""
        users = [
            demand
            for demand in self.raw["demands"].values()
            if commodity in demand["accepts"] and demand["region"] != exporter
            and ("*" in destinations or demand["region"] in destinations)
        ]
        if not users:
            return {}
        touched = self.pick(users)["class"]
        known = {demand["class"] for demand in self.raw["demands"].values()}
        others = sorted(known - {touched})
        choices: list[Raw] = [{"classes": [touched]}, {"classes": ["*"]}]
        if others:
            choices.insert(0, {"exempt": others})
        return self.pick(choices)

    def technology(self) -> Raw:
        """A ban of what some projects need."""
        projects: Raw = self.raw["projects"]
        name = self.pick(list(projects))
        facility: Any = self.raw["facilities"].get(projects[name].get("facility"), {})
        control: Raw = {"exporter": EXPORTER, "projects": [self.pick([name, f"{name[:3]}*"])], "destinations": ["*"]}
        if "stage" in facility and self.chance():
            control = {"exporter": EXPORTER, "stages": [facility["stage"]], "destinations": [facility["region"]]}
        control["pace"] = self.pick([0.5, 0.0, 0.25, 1.0])
        control["dearer"] = self.pick([0.5, 1.0] if control["pace"] == 1 else [0.0, 0.5])
        return control
