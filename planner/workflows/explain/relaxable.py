"""Levers: every statement in a conflict that can be relaxed, in its natural unit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planner.formulation.mathematics.security.kind import Ease
from planner.formulation.mathematics.security.kinds import kind_of
from planner.formulation.mathematics.security.outage import OutageKind
from planner.formulation.mathematics.security.scope import demands_of
from planner.language.figure import MOMENT, FieldPath, Figure
from planner.language.instance import Instance
from planner.language.requirements import OfUsers, Outage, Rule
from planner.language.units import unit
from planner.program.program import Program
from planner.workflows.explain.iis import Core
from planner.workflows.explain.messages import Said


@dataclass(frozen=True)
class Lever:
    """A path that can be raised (`sign` 1) or lowered (-1) by at most `most`, or set to one of some `values`.

    `before` is an override that must come first, such as one that adds a stockpile; `stock` is the commodity and
    region of a stockpile, which `is_laid_in` at the start. Paths in `also` are turned alike; `wider` is a lever to try
    where this one does not suffice.
    """

    path: str
    sign: int
    unit: str
    words: str
    stated: float
    most: float = float("inf")
    values: tuple[str, ...] = ()
    whole: bool = False
    before: str = ""
    stock: tuple[str, str] = ("", "")
    also: tuple[str, ...] = ()
    wider: Lever | None = None
    is_laid_in: bool = False

    def said(self, amount: float) -> str:
        """The lever's change by an amount, in words: a stock may be filled in time, and is empty at the start."""
        return f"{self.words}, laid in at the start" if self.is_laid_in and amount else self.words

    def turned(self, amount: float) -> tuple[str, ...]:
        """The overrides that turn it by an amount."""
        number = int(amount) if self.whole else float(f"{amount:.6g}")
        if self.before:
            return (self.before.replace("initial: 0", f"initial: {number!r}"),)
        return tuple(f"{path}+={self.sign * number!r}" for path in (self.path, *self.also))

    def at(self, value: str) -> tuple[str, ...]:
        """The overrides that set it to a value."""
        return tuple(f"{path}={value}" for path in (self.path, *self.also))


# Other statements: section and field, which way they ease, the unit.
FIELDS: dict[tuple[str, str], tuple[int, str]] = {
    ("facilities", "capacity"): (1, "quantity/year"), ("lanes", "capacity"): (1, "quantity/year"),
    ("facilities", "minimum_load"): (-1, "share"), ("demands", "amount"): (-1, "quantity/year"),
    ("stockpiles", "initial"): (1, "quantity"), ("stockpiles", "least"): (-1, "quantity"),
    ("stockpiles", "capacity"): (1, "quantity"), ("limits", "most"): (1, "quantity/year"),
    ("limits", "least"): (-1, "quantity/year"), ("outlets", "least"): (-1, "quantity/year"),
    ("project_groups", "most_size"): (1, "quantity/year"), ("project_groups", "least_size"): (-1, "quantity/year"),
    ("project_groups", "most_capital"): (1, "money"), ("controls", "amount"): (1, "quantity/year"),
    ("suppliers", "amount"): (1, "quantity/year"),
}
COUNTS = {("project_groups", "at_most"): "decisions", ("project_groups", "building_at_once"): "projects at once"}


class Levers:
    """All levers of a conflict."""

    def __init__(self, program: Program, original: Instance, statements: Sequence[Said], core: Core) -> None:
        self.network, self.base, self.statements = program.network, original, statements
        self.rows = [program.rows[row] for row in core.rows]

    def every(self) -> list[Lever]:
        found: dict[str, Lever] = {}
        for lever in self._found():
            found.setdefault(lever.before or lever.path + str(lever.values), lever)
        return list(found.values())

    def _found(self) -> Iterator[Lever]:
        for said in self.statements:
            section, name = said.path[0], said.path[1]
            if section == "requirements":
                yield from self._rule(str(name))
            elif section == "projects":
                yield from self._project(str(name))
            elif section == "commodities":
                yield Lever(f"commodities.{name}.disposal", 0, "", f"let {name} be thrown away", 1.0, values=("free",))
            else:
                yield from self._field(said.path)
        yield from self._stocks()

    def _figure(self, part: Any, field: str) -> float | None:
        value = getattr(part, field, None)
        if isinstance(value, Figure):
            return max(value.numbers())
        return float(value) if isinstance(value, int | float) else None

    def _rule(self, name: str) -> Iterator[Lever]:
        part = self.base.requirements[name]
        for ease in kind_of(part).eases:
            stated, room = self._figure(part, ease.field), self._room(part, ease)
            if stated is not None and room > 0:
                words = f"ask {'less' if ease.sign < 0 else 'for no more than that'} of {name}"
                words = f"ask {name} for fewer {ease.role}" if ease.is_whole else words
                label, path = unit(self.base.units, ease.role), f"requirements.{name}.{ease.field}"
                lever = Lever(path, ease.sign, label, words, stated or 1.0, room, whole=ease.is_whole)
                yield self._with_losses(lever, name, ease.field)
        after = part.start + MOMENT if part.start is not None else -math.inf
        starts = sorted({n.start for n in self.network.tree.nodes if n.start > after})
        first = starts[0] if part.start is None else part.start
        later = tuple(f"{start:g}" for start in starts if start > first)
        if later:
            lever = Lever(f"requirements.{name}.start", 0, "year", f"let {name} begin later", 1.0, values=later)
            yield self._with_losses(lever, name, "start")

    def _room(self, part: Rule, ease: Ease) -> float:
        """The most that a field of a requirement can be relaxed."""
        figure = getattr(part, ease.field)
        if figure is None:
            return 0.0
        numbers = figure.numbers() if isinstance(figure, Figure) else [float(figure)]
        return float(min(numbers) - ease.end if ease.sign < 0 else ease.end - max(numbers))

    def _with_losses(self, lever: Lever, name: str, field: str) -> Lever:
        """With a wider lever that turns the rules on losses for the same users as well."""
        part = self.base.requirements[name]
        if isinstance(part, Outage) or not isinstance(part, OfUsers) or field not in ("target", "start"):
            return lever
        served = set(demands_of(self.network, part))
        others = [
            other for other, rule in self.base.requirements.items()
            if isinstance(rule, Outage) and served & set(demands_of(self.network, rule))
        ]
        if not others:
            return lever
        rooms = [self._room(self.base.requirements[o], ease) for o in others for ease in OutageKind.eases]
        most = min([lever.most, *rooms])
        words = lever.words.replace(name, " and ".join([name, *others]))
        also = tuple(f"requirements.{other}.{field}" for other in others)
        return replace(lever, wider=replace(lever, words=words, also=also, most=most))

    def _project(self, name: str) -> Iterator[Lever]:
        lead = self.base.projects[name].lead_time
        sooner = tuple(f"{lead - years / 2:g}" for years in range(1, int(2 * lead) + 1))
        if sooner:
            yield Lever(f"projects.{name}.lead_time", 0, "years of lead time", f"bring {name} online sooner", lead,
                        values=sooner)

    def _field(self, path: FieldPath) -> Iterator[Lever]:
        section, name, field = str(path[0]), str(path[1]), str(path[-1])
        part: Any = getattr(self.base, section)[name]
        if (section, field) in COUNTS:
            stated = getattr(part, field)
            yield Lever(f"{section}.{name}.{field}", 1, COUNTS[section, field], f"allow more in {name}",
                        max(1.0, stated), 100, whole=True)
            return
        if (section, field) not in FIELDS:
            return
        sign, role = FIELDS[section, field]
        place = ".".join(str(word) for word in path)
        owner = part.steps[path[3]] if section == "suppliers" else part
        figure = getattr(owner, field, None)
        if not isinstance(figure, Figure):
            return
        stated = max(figure.numbers())
        most = min(figure.numbers()) if sign < 0 else float("inf")
        if most > 0:
            words = f"{'lower' if sign < 0 else 'raise'} the {field.replace('_', ' ')} of {name}"
            stock = (part.commodity, part.region) if section == "stockpiles" else ("", "")
            yield Lever(place, sign, unit(self.base.units, role), words, stated or 1.0, most, stock=stock)

    def _stocks(self) -> Iterator[Lever]:
        """Stock at the users that the conflict is about: of the commodity that serves them best."""
        demands = [str(word) for _, _, key in self.rows for word in key if word in self.base.demands]
        for demand in dict.fromkeys(demands):
            part = self.base.demands[demand]
            commodity = max(part.accepts, key=lambda k: part.accepts[k])
            label = self.base.units.quantity
            there = [
                w for w, pile in self.base.stockpiles.items()
                if (pile.commodity, pile.region, pile.release) == (commodity, part.region, "always")
            ]
            need = max(part.amount.numbers()) or 1.0
            stock = (commodity, part.region)
            words = f"keep a stock of {commodity} in {part.region}"
            if there:
                lever = Lever(f"stockpiles.{there[0]}.initial", 1, label, words, need, stock=stock, is_laid_in=True)
                yield self._more_stock(there[0], lever)
            else:
                what = f"commodity: {commodity}, region: {part.region}, owner: government"
                added = f"stockpiles.added={{{what}, initial: 0, holding_cost: 0}}"
                yield Lever("stockpiles.added", 1, label, words, need, before=added, stock=stock, is_laid_in=True)

    def _more_stock(self, name: str, lever: Lever) -> Lever:
        """More in a stockpile at the start: in the room there is, and if that does not suffice with more room."""
        pile = self.base.stockpiles[name]
        if pile.capacity is None:
            return lever
        wider = replace(lever, words=f"{lever.words}, with room for it", also=(f"stockpiles.{name}.capacity",))
        room = min(pile.capacity.numbers()) - max(pile.initial.numbers())
        return replace(lever, most=room, wider=wider) if room > 0 else wider
