"""Damage to a tree of plain data, as a hand that slips or an attacker would do it.

Every operator takes the tree, one place in it and a source of chance, changes the tree in place and says what it did;
None when it does not apply there.
"""

from __future__ import annotations

import copy
import datetime
import math
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.fuzz.corpus import drawn

UNKNOWN = "zzz_unknown"
NUMBERS = (
    0, 1, -1, 0.0, -0.0, 1e-12, 1e12, 1e-300, 1e300, 0.1 + 0.2, 1 / 3, 2.5, 27.1, 1e20, 10**400, -1e9, True,
    math.nan, math.inf, -math.inf,
)  # fmt: skip
TEXTS = (
    "", " ", "x" * 100_000, "1e5", "007", "NA", "null", "yes", "~", "=cmd()", "a/b", "..", "../../etc/passwd", "a.b",
    "a b", "\u202egnorw", "ﬁ", "Å", "A\u030a", "\u00a0", "🧲", "a\nb", "a@b", "{x}", "%s", "1,200", "1.000,5", "'",
    "<script>", "\x00", "*" * 20 + "x", "?" * 30, "[a-z]*", "!*", "2026-01-01", "\ud800",
)  # fmt: skip
OTHERS: tuple[Any, ...] = (
    None,
    [],
    {},
    [[]],
    {"value": 1},
    [1, 2],
    {"a": 1},
    False,
    datetime.date(2026, 1, 1),
    "text",
    5,
)
PERIODS: tuple[list[Any], ...] = (
    [1 / 3] * 6, [0.3333333] * 9, [0.1] * 10, [0.25] * 4, [1.5, 0.5, 3], [10, 10], [1] * 40, [0.001], [1e-9, 1], [100],
    [{"name": "a", "length": 1}, 2], [],
)  # fmt: skip


class Spot(NamedTuple):
    """A place in a tree: the container, the key in it, and the way there."""

    parent: Any
    key: Any
    path: tuple[Any, ...]

    @property
    def value(self) -> Any:
        return self.parent[self.key]

    def put(self, value: Any) -> None:
        self.parent[self.key] = value


Operator = Callable[[Any, Spot, random.Random], str | None]


def spots(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[Spot]:
    """Every place below the root."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(pairs):
        yield Spot(tree, key, (*path, key))
        yield from spots(value, (*path, key))


def damage(tree: Any, chance: random.Random, gentle: float = 0.85) -> str:
    """Change one thing in a tree; `gentle` is the chance of one that may well be meant. What was done."""
    for _ in range(30):
        found = list(spots(tree))
        if not found:
            return "nothing left"
        # A section first, so that large ones do not get all the damage.
        top = chance.choice([key for key in dict.fromkeys(spot.path[0] for spot in found)])
        spot = chance.choice([s for s in found if s.path[0] == top])
        operator = chance.choice(GENTLE if chance.random() < gentle else ROUGH)
        if (said := operator(tree, spot, chance)) is not None:
            where = ".".join(map(str, spot.path))[:120]
            return said.replace("@", where) if "@" in said else f"{said} at {where}"
    return "nothing"


def is_lost(tree: Any) -> bool:
    """Whether the meaning of a tree is surely lost if it is accepted: an unknown word, a number that is none."""
    return any(
        spot.key == UNKNOWN or (isinstance(spot.value, float) and not math.isfinite(spot.value)) for spot in spots(tree)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def scale(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A number a little or much larger or smaller."""
    if not _is_number(spot.value):
        return None
    factor = chance.choice([0, 0.5, 0.9, 1.1, 2, 10, 1000, 0.001])
    spot.put(type(spot.value)(spot.value * factor))
    return f"times {factor}"


def extreme(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A number that nobody means."""
    if not _is_number(spot.value):
        return None
    number = chance.choice(NUMBERS)
    spot.put(number)
    return f"number {str(number)[:20]}"


def by_year(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A number that changes over the years, or with its range."""
    if not _is_number(spot.value):
        return None
    value, year = spot.value, chance.choice([2025, 2026, 2028, 2030, 2062, 206])
    spot.put(chance.choice([
        {year: value, year + 2: value * 2}, {"value": value, "low": value / 2, "high": value * 2, "estimate": True},
        {"by_year": {year: value, year + 1: 0}, "interpolate": "step"}, {"value": value}, {year: value},
        {"value": value, "low": value * 2, "high": value}, {"value": value, "by_year": {year: value}},
    ]))  # fmt: skip
    return f"as {str(spot.value)[:60]}"


def shift_year(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A year that is another."""
    shift = chance.choice([-100, -10, -1, -0.5, 0.5, 1, 2, 10, 36, 100])
    if _is_number(spot.value) and 1000 < spot.value < 3000:
        spot.put(spot.value + shift)
    elif isinstance(spot.key, int) and isinstance(spot.parent, dict):
        spot.parent[spot.key + int(shift)] = spot.parent.pop(spot.key)
    else:
        return None
    return f"year moved by {shift}"


def other_name(tree: Any, spot: Spot, chance: random.Random) -> str | None:
    """A name that stands elsewhere in the file: circles and wrong references come about."""
    if not isinstance(spot.value, str):
        return None
    words = sorted({s.value for s in spots(tree) if isinstance(s.value, str)} | {str(s.key) for s in spots(tree)})
    spot.put(chance.choice(words))
    return f"{str(spot.value)[:40]} instead"


def pattern(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A name that becomes a pattern."""
    if not isinstance(spot.value, str):
        return None
    spot.put(
        chance.choice(["*", "?", spot.value[:1] + "*", "*" + spot.value[-1:], "*".join(spot.value), spot.value + "*"])
    )
    return f"pattern {spot.value[:40]}"


def delete(_: Any, spot: Spot, __: random.Random) -> str:
    """Something is missing."""
    del spot.parent[spot.key]
    return "deleted @"


def duplicate(_: Any, spot: Spot, chance: random.Random) -> str:
    """Something stands there twice, under another name where it needs one."""
    if isinstance(spot.parent, list):
        spot.parent.insert(chance.randrange(len(spot.parent) + 1), copy.deepcopy(spot.value))
        return "twice: @"
    spot.parent[f"{spot.key}2"] = copy.deepcopy(spot.value)
    return "copied @"


def rename(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A key that is another."""
    if not isinstance(spot.parent, dict):
        return None
    name = chance.choice([*TEXTS, str(spot.key)[:-1], str(spot.key).upper(), 5, 1.5, None, True])
    spot.parent[name] = spot.parent.pop(spot.key)
    return f"@ renamed to {str(name)[:30]!r}"


def unknown_key(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A word that the language does not have."""
    if not isinstance(spot.value, dict):
        return None
    spot.value[UNKNOWN] = chance.choice([1, 1.5, "text", True])
    return "unknown key"


def other_kind(_: Any, spot: Spot, chance: random.Random) -> str:
    """A value of another type."""
    spot.put(copy.deepcopy(chance.choice(OTHERS)))
    return f"{str(spot.value)[:20]!r} in place of @"


def strange_text(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A text that is hard to read, to print or to match."""
    if not isinstance(spot.value, str):
        return None
    spot.put(chance.choice(TEXTS))
    return f"text {spot.value[:20]!r}"


def shuffle(_: Any, spot: Spot, chance: random.Random) -> str | None:
    """A list in another order."""
    if not isinstance(spot.value, list) or len(spot.value) < 2:
        return None
    chance.shuffle(spot.value)
    return "shuffled"


def move(tree: Any, spot: Spot, chance: random.Random) -> str:
    """A piece that stands elsewhere, there as well or instead."""
    target = chance.choice(list(spots(tree)))
    target.put(copy.deepcopy(spot.value))
    return f"@ copied over {'.'.join(map(str, target.path))[:80]}"


def splice(tree: Any, spot: Spot, chance: random.Random) -> str | None:
    """What another instance says under the same word."""
    donors = [s for s in spots(drawn(chance)) if s.key == spot.key and type(s.value) is type(spot.value)]
    if not donors:
        return None
    donor = chance.choice(donors)
    spot.put(copy.deepcopy(donor.value))
    return "@ as in another instance"


def add_entry(tree: Any, spot: Spot, chance: random.Random) -> str | None:
    """An entry of another instance's section of the same name: another kind of requirement, lane, control."""
    section, other = spot.path[0], drawn(chance)
    if not isinstance(tree.get(section), dict) or not isinstance(other.get(section), dict) or not other[section]:
        return None
    name = chance.choice(list(other[section]))
    tree[section][f"{name}+" if name in tree[section] else name] = copy.deepcopy(other[section][name])
    return f"{section}.{name} of another instance"


def lengths(tree: Any, _: Spot, chance: random.Random) -> str | None:
    """Periods of other lengths."""
    if not isinstance(tree.get("time"), dict):
        return None
    tree["time"]["periods"] = copy.deepcopy(chance.choice(PERIODS))
    return f"periods {str(tree['time']['periods'])[:60]}"


def without(tree: Any, spot: Spot, _: random.Random) -> str:
    """A whole section is missing."""
    del tree[spot.path[0]]
    return f"without {spot.path[0]}"


def units(tree: Any, _: Spot, chance: random.Random) -> str:
    """Other units of the same kinds."""
    quantity, money = chance.choice(["g", "kg", "t", "kt", "Mt"]), chance.choice(["USD", "kUSD", "MUSD", "bnUSD"])
    tree["units"] = {
        "quantity": quantity,
        "money": money,
        "price": chance.choice(["USD/kg", "kUSD/t", "USD/g", "USD/t"]),
    }
    return f"units {quantity} {money} {tree['units']['price']}"


def whole_setting(tree: Any, _: Spot, chance: random.Random) -> str:
    """A choice about the whole instance."""
    key, value = chance.choice([
        ("plan", "adaptive"), ("plan", "common"), ("clairvoyant", True), ("objective", {"sense": "maximise"}),
        ("objective", {"risk": {"measure": "cvar", "tail": 0.2}}), ("objective", {"risk": {"measure": "worst"}}),
        ("objective", {"risk": {"measure": "regret"}}), ("options", {"method": "benders"}),
        ("options", {"method": "extensive", "seed": 7}),
    ])  # fmt: skip
    tree[key] = value
    return f"{key} {value}"


GENTLE: tuple[Operator, ...] = (
    scale, scale, scale, by_year, shift_year, other_name, pattern, delete, duplicate, shuffle, splice, add_entry,
    lengths, without, units, whole_setting,
)  # fmt: skip
ROUGH: tuple[Operator, ...] = (extreme, extreme, rename, unknown_key, other_kind, strange_text, move)
