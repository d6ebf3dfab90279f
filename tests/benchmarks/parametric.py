"""Instances of our kind in any size: by the number of futures, facilities and years, the same for the same seed.

`python -m tests.benchmarks.parametric --futures 8 > eight.yaml` writes one to read, solve or send to somebody.

Mines of four ores, separation into seven oxides, metals, alloys, magnets and recycling in nine regions; projects in
modules, every second of which can be enlarged in several years (one future is then at least as hard as the field's:
HiGHS alone is at 0.86 % after 40 s and at 0.82 % after 80 s; with a limit on works at once per region it proves 1 % in
24 s, but many futures are harder); users of four classes whose magnets come back years later;
stocks; an exporter. Futures differ in the exporter's measures alone, so that all of them share one instance: a
thousand futures cost as much memory as one. """

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from typing import Any

import yaml

from planner.language.instance import Instance

Raw = dict[str, Any]

REGIONS = ("US", "CA", "AU", "MY", "JP", "KR", "EU", "UK", "ROW")
EXPORTER = "CN"
START = 2026
ELEMENTS = ("NdPr", "Dy", "Tb", "Sm", "Gd", "Y", "LaCe")
METAL_IN_OXIDE = 0.85
ORES = {  # Shares of the elements in the oxides of an ore.
    "bastnaesite": (0.16, 0.001, 0.0005, 0.010, 0.004, 0.002, 0.80),
    "monazite": (0.21, 0.008, 0.002, 0.025, 0.015, 0.030, 0.68),
    "clay": (0.25, 0.040, 0.007, 0.040, 0.040, 0.200, 0.40),
    "tailings": (0.18, 0.015, 0.003, 0.020, 0.015, 0.090, 0.60),
}
METALS = {"ndpr": ("NdPr", 20.0), "dy": ("Dy", 60.0), "tb": ("Tb", 120.0), "sm": ("Sm", 15.0)}
ALLOYS = {"light": {"ndpr": 0.31}, "heavy": {"ndpr": 0.27, "dy": 0.035, "tb": 0.008}, "smco": {"sm": 0.26}}
RECYCLED = ("light", "heavy")
CLASSES = {"defence": 0.03, "ev": 0.45, "wind": 0.2, "industrial": 0.32}
LOSSES = {"defence": 20000.0, "ev": 3000.0, "wind": 1500.0, "industrial": 1000.0}


@dataclass(frozen=True)
class Stage:
    """What facilities of a stage are like: the share of all facilities, and where they may stand."""

    name: str
    process: str
    share: int
    size: float
    lead_time: tuple[float, float]
    capital: float
    regions: tuple[str, ...]


STAGES = (
    Stage("mine", "mine.{ore}", 5, 12000.0, (3.0, 6.0), 12.0, ("US", "CA", "AU", "MY", "EU", "ROW")),
    Stage("separation", "separate.*", 4, 9000.0, (2.0, 4.0), 25.0, ("US", "AU", "MY", "JP", "EU", "ROW")),
    Stage("metal", "reduce.*", 3, 3000.0, (1.5, 3.0), 30.0, ("US", "AU", "JP", "KR", "EU", "UK")),
    Stage("alloy", "alloy.*", 2, 5000.0, (1.0, 2.5), 15.0, ("US", "JP", "KR", "EU", "UK")),
    Stage("magnet", "sinter.*", 4, 3000.0, (1.5, 3.5), 90.0, ("US", "CA", "JP", "KR", "EU", "UK", "ROW")),
    Stage("recycling", "recycle.*", 2, 1500.0, (1.0, 2.0), 20.0, ("US", "JP", "KR", "EU", "ROW")),
)


@dataclass(frozen=True)
class Scale:
    """How large an instance is. Futures are told apart from `branches` on, or without it from the start.

    At most `crews` projects of a region are built at once, if that is limited at all.
    """

    futures: int = 1
    facilities: int = 70
    years: int = 16
    seed: int = 0
    branches: int | None = None
    crews: int | None = None


def raw(scale: Scale) -> Raw:
    """The instance as a plain dict, as a YAML file would state it."""
    maker = Maker(scale)
    part: Raw = {
        "name": f"parametric-{scale.futures}-{scale.facilities}-{scale.years}",
        "units": {"quantity": "t", "money": "MUSD", "price": "USD/kg"},
        "time": {
            "start": START, "periods": [1] * scale.years, "discount_rate": 0.08, "base_year": START,
            "discounting": "mid_period", "capital_charge": "annuity",
        },
        "plan": "common",
        "regions": {region: {} for region in REGIONS},
        "elements": list(ELEMENTS),
        "commodities": commodities(),
        "processes": processes(),
    }  # fmt: skip
    part["facilities"], part["projects"] = maker.facilities()
    if scale.crews is not None:
        part["project_groups"] = {
            f"crews.{region}": {"projects": [f"*.{region}.*"], "building_at_once": scale.crews}
            for region in REGIONS if any(f".{region}." in name for name in part["projects"])
        }
    part |= {"lanes": lanes(), "suppliers": maker.suppliers(), "outlets": outlets()}
    part |= {"demands": maker.demands(), "stockpiles": stockpiles(), "returns": returns()}
    part["futures"], part["controls"] = maker.futures()
    part["requirements"] = requirements()
    return part


def instances(scale: Scale) -> dict[str, Instance]:
    """The instance of every future, which is one and the same object, for the network."""
    part = raw(scale)
    return dict.fromkeys(part["futures"], Instance.model_validate(part))


def commodities() -> Raw:
    """Everything from ores to magnets and what is left of them, with its elements."""
    parts: Raw = {}
    for ore, shares in ORES.items():
        content = {e: round(METAL_IN_OXIDE * s, 6) for e, s in zip(ELEMENTS, shares, strict=True)}
        parts[f"ore.{ore}"] = {"stage": "mine", "elements": content, "disposal": "free"}
    for element in ELEMENTS:
        content = {element: METAL_IN_OXIDE}
        parts[f"oxide.{element.lower()}"] = {"stage": "separation", "elements": content, "disposal": 0.1}
    for metal, (element, _) in METALS.items():
        parts[f"metal.{metal}"] = {"stage": "metal", "elements": {element: 1.0}, "disposal": "free"}
    for kind in ALLOYS:
        parts[f"alloy.{kind}"] = {"stage": "alloy", "elements": _content(kind, 0.98), "disposal": "free"}
        parts[f"magnet.{kind}"] = {"stage": "magnet", "elements": _content(kind, 0.97), "disposal": "free"}
    for kind in RECYCLED:
        parts[f"swarf.{kind}"] = {"stage": "recycling", "elements": _content(kind, 0.90), "disposal": 0.05}
        parts[f"scrap.{kind}"] = {"stage": "recycling", "elements": _content(kind, 0.95), "disposal": "free"}
    return parts


def _content(kind: str, kept: float) -> dict[str, float]:
    return {METALS[metal][0]: round(kept * share, 6) for metal, share in ALLOYS[kind].items()}


def processes() -> Raw:
    """Recipes; elements get lost on the way and never come from nothing."""
    parts: Raw = {}
    for ore, shares in ORES.items():
        parts[f"mine.{ore}"] = {"outputs": {f"ore.{ore}": 1}, "variable_cost": 4}
        oxides = {f"oxide.{e.lower()}": round(0.9 * s, 6) for e, s in zip(ELEMENTS, shares, strict=True)}
        parts[f"separate.{ore}"] = {"inputs": {f"ore.{ore}": 1}, "outputs": oxides, "variable_cost": 5}
    for metal, (_, cost) in METALS.items():
        recipe: Raw = {"inputs": {f"oxide.{metal}": 1.2}, "outputs": {f"metal.{metal}": 1}}
        parts[f"reduce.{metal}"] = recipe | {"variable_cost": round(cost / 2, 3)}
    for kind, content in ALLOYS.items():
        inputs = {f"metal.{metal}": share for metal, share in content.items()}
        parts[f"alloy.{kind}"] = {
            "inputs": inputs, "outputs": {f"alloy.{kind}": 1}, "adds_mass": 0.75, "variable_cost": 3
        }
        made = {f"magnet.{kind}": 1.0} | ({f"swarf.{kind}": 0.2} if kind in RECYCLED else {})
        parts[f"sinter.{kind}"] = {"inputs": {f"alloy.{kind}": 1.25}, "outputs": made, "variable_cost": 18}
    for kind in RECYCLED:
        for waste, kept in (("swarf", 0.8), ("scrap", 0.7)):
            oxides = {f"oxide.{m}": round(kept * s / METAL_IN_OXIDE, 6) for m, s in ALLOYS[kind].items()}
            parts[f"recycle.{waste}.{kind}"] = {
                "inputs": {f"{waste}.{kind}": 1}, "outputs": oxides, "variable_cost": 6
            }
    return parts


def lanes() -> Raw:
    """Who may send what to whom: each stage where it goes on."""
    parts: Raw = {}
    goods = {"mine": "ore.*", "separation": "oxide.*", "metal": "metal.*", "alloy": "alloy.*"}
    for stage, following in pairwise(STAGES):
        if stage.name in goods:
            origins, destinations = stage.regions[:3], following.regions[:4]
            parts[stage.name] = {"commodities": [goods[stage.name]], "from": list(origins), "to": list(destinations)}
            parts[stage.name] |= {"freight": 0.3, "loss": 0.001}
    makers = list(STAGES[4].regions[:4])
    parts["magnet"] = {"commodities": ["magnet.*"], "from": makers, "to": list(REGIONS), "freight": 1.0}
    parts["waste"] = {"commodities": ["swarf.*", "scrap.*"], "from": ["CA", "UK", "EU"], "to": ["US", "EU"]}
    parts["waste"]["freight"] = 0.2
    return parts


def outlets() -> Raw:
    """Who buys by-products, in two steps of limited depth."""
    prices = {"oxide.lace": (2.0, 0.5), "oxide.y": (8.0, 3.0), "oxide.gd": (25.0, 12.0)}
    return {
        f"market.{name}": {
            "commodity": name, "regions": ["*"],
            "steps": [{"price": high, "amount": 4000}, {"price": low, "amount": 12000}],
        }
        for name, (high, low) in prices.items()
    }  # fmt: skip


def stockpiles() -> Raw:
    """Magnets and oxides that are held, one for use at any time, one for emergencies."""
    parts: Raw = {}
    for region in ("US", "JP", "KR", "EU"):
        for commodity, amount, release in (("magnet.heavy", 300.0, "always"), ("oxide.dy", 60.0, "emergency"),
                                           ("oxide.ndpr", 500.0, "always")):  # fmt: skip
            parts[f"{region}.{commodity}"] = {
                "commodity": commodity, "region": region, "owner": "government", "initial": amount / 4,
                "capacity": 4 * amount, "fill_limit": amount, "release": release, "holding_cost": 2,
                "final_value": 10, "decay": 0.01,
            }  # fmt: skip
    return parts


def returns() -> Raw:
    """Magnets come back over the years after their delivery."""
    lifetimes = {"light": {3: 0.2, 6: 0.3, 10: 0.3}, "heavy": {5: 0.2, 10: 0.4, 12: 0.2}}
    return {
        f"old.{kind}.{region}": {
            "commodity": f"scrap.{kind}", "region": region, "delivered": {f"magnet.{kind}": 0.9},
            "demands": [f"{region}.*"], "lifetime": lifetimes[kind], "history": 100,
            "rate": {START: 0.1, START + 10: 0.5}, "cost": 5,
        }
        for kind in RECYCLED for region in REGIONS
    }  # fmt: skip


def requirements() -> Raw:
    """Defence is served, and magnets do not all come from the exporter; both at a price."""
    return {
        "defence": {"kind": "served", "classes": ["defence"], "target": 0.95, "elastic": {"penalty": 5000}},
        "sources": {
            "kind": "dependence", "exporter": EXPORTER, "commodities": ["magnet.*"], "share": 0.7, "by": ["region"],
            "elastic": {"penalty": 40},
        },
    }  # fmt: skip


class Maker:
    """Draws what differs from facility to facility, from user to user and from future to future."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.random = random.Random(scale.seed)

    def around(self, value: float, by: float = 0.3) -> float:
        """A number near another."""
        return float(f"{value * self.random.uniform(1 - by, 1 + by):.4g}")

    def facilities(self) -> tuple[Raw, Raw]:
        """Facilities of all stages in turn, the first of each with capacity, and the projects that enlarge them."""
        order = [stage for stage in STAGES for _ in range(stage.share)]
        stages = [*STAGES, *islice(cycle(order), max(0, self.scale.facilities - len(STAGES)))][: self.scale.facilities]
        ores, places = cycle(ORES), {stage.name: cycle(stage.regions) for stage in STAGES}
        facilities: Raw = {}
        projects: Raw = {}
        for number, stage in enumerate(stages):
            region = next(places[stage.name])
            name = f"{stage.name}.{region}.{number}"
            stands = number < len(STAGES) or self.random.random() < 0.25
            facilities[name] = {
                "region": region, "stage": stage.name, "processes": [stage.process.format(ore=next(ores))],
                "capacity": self.around(stage.size / 3) if stands else 0, "availability": 0.9,
                "fixed_cost": self.around(0.04 * stage.capital),
            }  # fmt: skip
            projects[f"{name}.build"] = self.project(stage, name) | {"repeatable": number % 2 == 0}
        return facilities, projects

    def project(self, stage: Stage, facility: str) -> Raw:
        size = self.around(stage.size)
        lead_time = min(round(self.random.uniform(*stage.lead_time) * 2) / 2, self.scale.years - 1)
        return {
            "facility": facility,
            "size": {"module": float(f"{size / 6:.4g}"), "modules": 8},
            "capital": {"fixed": self.around(0.004 * stage.size, 0.5), "variable": self.around(stage.capital)},
            "lead_time": lead_time, "ramp": [0.5], "life": 20, "cost_of_capital": 0.1,
        }  # fmt: skip

    def suppliers(self) -> Raw:
        """What the exporter sells: its usual volume, of magnets some more at a dearer price."""
        prices = {f"oxide.{m}": 3 * cost for m, (_, cost) in METALS.items()}
        prices |= {f"metal.{m}": 5 * cost for m, (_, cost) in METALS.items()}
        prices |= {"magnet.light": 45.0, "magnet.heavy": 90.0, "magnet.smco": 80.0}
        volumes = {"oxide": 2000.0, "metal": 3000.0, "magnet": 40000.0}
        parts: Raw = {}
        for name, price in prices.items():
            volume = volumes[name.partition(".")[0]] * (1.0 if name.endswith(("ndpr", "light")) else 0.2)
            steps = [{"price": self.around(price, 0.1), "amount": volume}]
            if name.startswith("magnet"):
                steps.append({"price": round(1.6 * price, 3), "amount": volume})
            parts[f"cn.{name}"] = {"commodity": name, "origin": EXPORTER, "regions": ["*"], "steps": steps}
        return parts

    def demands(self) -> Raw:
        """Users of every class in every region; half of the need is of magnets with heavy elements."""
        weights = dict(zip(REGIONS, (0.22, 0.02, 0.02, 0.03, 0.2, 0.12, 0.25, 0.04, 0.1), strict=True))
        parts: Raw = {}
        for region, weight in weights.items():
            for user, share in CLASSES.items():
                amount = self.around(45000 * weight * share, 0.2)
                accepts = {"magnet.heavy": 1.0}
                accepts |= {"magnet.smco": 1.0} if user == "defence" else {"magnet.light": 0.8}
                part: Raw = {"region": region, "class": user, "accepts": accepts}
                part["amount"] = {START: amount, START + 15: round(2 * amount, 3)}
                loss = LOSSES[user]
                part["shortage"] = [{"share": 0.3, "cost": loss}, {"share": 0.7, "cost": 3 * loss}]
                if user != "defence":
                    part["substitution"] = {"growth": 0.02, "most": 0.3, "cost": self.around(150)}
                parts[f"{region}.{user}"] = part
        return parts

    def futures(self) -> tuple[Raw, Raw]:
        """Futures of equal probability: a licence regime, and but for the first an embargo of its own."""
        regimes = {"licence.mild": 0.9, "licence.strict": 0.6}
        controls: Raw = {
            name: {"exporter": EXPORTER, "kind": "licence", "elements": ["Dy", "Tb", "Sm", "Gd", "Y"],
                   "destinations": ["*"], "passes": passes, "delay": 0.15}
            for name, passes in islice(regimes.items(), 1 if self.scale.futures == 1 else 2)
        }  # fmt: skip
        futures: Raw = {"trunk": {"probability": 1 / self.scale.futures, "controls": ["licence.mild"]}}
        for number in range(1, self.scale.futures):
            name = f"embargo.{number}"
            controls[name] = self.embargo()
            future: Raw = {"probability": 1 / self.scale.futures}
            future["controls"] = [self.random.choice(list(regimes)) if number > 1 else "licence.strict", name]
            if self.scale.branches is not None:
                future |= {"from": "trunk", "branches": self.scale.branches}
            futures[f"future.{number}"] = future
        return futures, controls

    def embargo(self) -> Raw:
        """A measure with a drawn onset, duration and depth; one in eight slows work on plants instead."""
        first = self.scale.branches if self.scale.branches is not None else START
        start = round(self.random.uniform(first, START + self.scale.years - 1), 2)
        part: Raw = {"exporter": EXPORTER, "destinations": ["*"], "start": start}
        if self.random.random() < 0.6:
            part["end"] = round(start + self.random.uniform(0.5, 8.0), 2)
        kind = self.random.choice(["ban", "licence", "licence", "licence", "licence", "price", "ban", "technology"])
        if kind == "technology":
            return part | {"kind": kind, "stages": ["separation", "magnet"], "pace": 0.5, "dearer": 0.2}
        scopes: list[Raw] = [{"stages": ["magnet"]}, {"stages": ["metal", "magnet"]}, {"elements": ["Dy", "Tb"]},
                             {"elements": list(ELEMENTS)}]  # fmt: skip
        part |= {"kind": kind} | self.random.choice(scopes)
        if kind == "licence":
            part["passes"] = round(self.random.uniform(0.0, 0.8), 2)
        return part | ({"price": round(self.random.uniform(1.2, 3.0), 2)} if kind == "price" else {})


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a parametric instance as YAML.")
    for name, default in (("futures", 1), ("facilities", 70), ("years", 16), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--branches", type=int, help="year from which futures can be told apart (the start)")
    parser.add_argument("--crews", type=int, help="most projects of a region that are built at once (no limit)")
    sys.stdout.writelines(lines(Scale(**vars(parser.parse_args()))))


def lines(scale: Scale) -> Iterator[str]:
    """The instance as YAML."""
    yield str(yaml.safe_dump(raw(scale), sort_keys=False, width=120))


if __name__ == "__main__":
    main()
