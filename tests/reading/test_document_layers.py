"""Layers of files, tables and overrides: what stands in an instance in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.common.errors import InputError
from planner.reading.document import load
from tests.documents import HERE, SMALL, refused, replaced, small, write

# Layers.


def test_extends_merges_and_removes(tmp_path: Path) -> None:
    write(tmp_path, SMALL, "base.yaml")
    text = """
extends: base.yaml
name: larger
outlets: {world: ~}
facilities:
  mill: {capacity: 500}
  works: {capacity: {2026: 5}}
time: {periods: [3]}
"""
    instance = load(write(tmp_path, text)).instance
    assert instance.name == "larger"
    assert instance.outlets == {}
    assert instance.facilities["mill"].capacity.value == 500
    assert instance.facilities["works"].capacity.by_year == {2026: 5}
    assert instance.time.periods == [3]
    assert instance.time.start == 2026


def test_order_of_base_extends_scenario_and_set(tmp_path: Path) -> None:
    write(tmp_path, SMALL + "  more: {demands.ev.amount: 1, demands.defence.amount: 1}\n", "base.yaml")
    path = write(tmp_path, "extends: base.yaml\ndemands: {ev: {amount: 2}, defence: {amount: 2}}\n")
    assert load(path).instance.demands["ev"].amount.value == 2
    document = load(path, "more", ["demands.ev.amount=4"])
    assert document.instance.demands["ev"].amount.value == 4
    assert document.instance.demands["defence"].amount.value == 1
    assert document.scenarios == ["dear", "more"]
    with pytest.raises(InputError, match=r"unknown-scenario there is no scenario mor - did you mean more\?"):
        load(path, "mor")


def test_include_joins_sections(tmp_path: Path) -> None:
    head, tail = SMALL.split("demands:\n", 1)
    write(tmp_path, "demands:\n" + tail, "parts/demand.yaml")
    document = load(write(tmp_path, "include: [parts/demand.yaml]\n" + head))
    assert set(document.instance.demands) == {"defence", "ev"}
    assert sorted(document.files) == ["instance.yaml", "parts/demand.yaml"]
    assert document.place(("demands", "ev")).file.endswith("parts/demand.yaml")


def test_include_may_add_to_a_part_but_not_restate(tmp_path: Path) -> None:
    write(tmp_path, "demands: {ev: {title: Cars}}\n", "more.yaml")
    assert load(write(tmp_path, "include: more.yaml\n" + SMALL)).instance.demands["ev"].title == "Cars"
    write(tmp_path, "demands: {ev: {amount: 1}}\n", "more.yaml")
    (problem,) = refused(tmp_path, "include: more.yaml\n" + SMALL)
    assert problem.code == "duplicate-key"
    assert "demands.ev.amount" in problem.message
    assert "more.yaml:1" in problem.message


def test_equal_content_has_equal_digest(tmp_path: Path) -> None:
    head, tail = SMALL.split("demands:\n", 1)
    document = small(tmp_path)
    swapped = load(write(tmp_path, "demands:\n" + tail + head.replace("amount: 400", "amount: 400.0"), "swapped.yaml"))
    assert swapped.sha256 == document.sha256
    assert load(document.path, sets=["demands.ev.amount=201"]).sha256 != document.sha256
    assert document.sha256 == load(document.path, sets=["demands.ev.amount*=1"]).sha256


# Tables.

TABLE = """
facilities:
  table:
    columns: [name, title, region, capacity, capacity.source, variable_costs.recycle, processes]
    common: {fixed_cost: 1.2, processes: [separate, recycle]}
    rows:
      - [mill, The mill, US, {2026: 100, 2030: 150}, survey, 7, ~]
      - [310, ~, US, 5, ~, ~, [recycle]]
  works: {region: US, capacity: 0, processes: [press]}
"""


def with_table(table: str) -> str:
    start, end = SMALL.index("facilities:"), SMALL.index("projects:")
    return SMALL[:start] + table.lstrip() + SMALL[end:]


def test_table(tmp_path: Path) -> None:
    document = load(write(tmp_path, with_table(TABLE)))
    mill, other = (document.instance.facilities[name] for name in ("mill", "310"))
    assert list(document.instance.facilities) == ["mill", "310", "works"]
    assert mill.capacity.by_year == {2026: 100, 2030: 150}
    assert mill.capacity.source == "survey"
    assert mill.variable_costs["recycle"].value == 7
    assert mill.processes == ["separate", "recycle"]
    assert other.processes == ["recycle"]
    assert other.fixed_cost.value == 1.2
    assert other.title is None
    line = next(n for n, row in enumerate(with_table(TABLE).splitlines(), 1) if row.startswith("      - [310"))
    assert document.place(("facilities", "310", "capacity")).line == line


def test_table_without_names_and_with_steps(tmp_path: Path) -> None:
    text = replaced(
        "  norway:\n    commodity: ore\n    regions: [NO]\n    steps:\n      - {price: 2}\n",
        """  tables:
    - columns: [commodity, regions, steps.0.price, steps.0.amount, steps.1.price]
      name: "{commodity} of {regions}"
      rows:
        - [ore, [NO], 2, 100, 3]
""",
    ).replace("suppliers: [norway]", "suppliers: [ore of NO]")
    steps = load(write(tmp_path, text)).instance.suppliers["ore of NO"].steps
    assert [step.price.value for step in steps] == [2, 3]
    assert [step.amount and step.amount.value for step in steps] == [100, None]


def test_dotted_columns_of_parts_and_names(tmp_path: Path) -> None:
    start, end = SMALL.index("processes:"), SMALL.index("facilities:")
    table = """processes:
  table:
    columns:
      [name, inputs.ore, inputs.oxide.ndpr, inputs.scrap, outputs.oxide.ndpr, outputs.magnet, adds_mass, variable_cost]
    rows:
      - [separate, 4.2, ~, ~, 1, ~, ~, 5]
      - [press, ~, 0.33, ~, ~, 1, 0.7, 20]
      - [recycle, ~, ~, 4, 1, ~, ~, 8]
"""
    tabled = load(write(tmp_path, SMALL[:start] + table + SMALL[end:], "tabled.yaml"))
    assert tabled.instance == small(tmp_path).instance


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("      - [310, ~, US, 5, ~, ~, [recycle]]", "      - [310, ~, US, 5]  # here", "table"),
        ("      - [310, ~, US, 5,", "      - [mill, ~, US, 5,  # here\n        ", "duplicate-key"),
        ("  works: {", "  mill: {  # here\n    ", "duplicate-key"),
        ("    columns: [name, title,", "    columns: [name, name,  # here\n     ", "duplicate-key"),
        ("    columns: [name, title,", "    columns:  # here\n      [title, note,", "table"),
        ("    common:", "    comon:  # here\n     ", "unknown-key"),
        ("    rows:", "    row:", "table"),
    ],
)
def test_wrong_tables(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in TABLE
    text = with_table(TABLE.replace(old, new, 1))
    problems = refused(tmp_path, text)
    lines = [n for n, row in enumerate(text.splitlines(), 1) if row.endswith(HERE)]
    assert problems[0].code == code
    assert not lines or problems[0].place is None or problems[0].place.line in (lines[0], lines[0] + 1)


# Overrides.


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("demands.ev.amount=7", "demands.ev.amount", 7),
        ("demands.*.amount*=2", "demands.defence.amount", 20),
        ("demands.ev.amount+=5", "demands.ev.amount", 205),
        ("demands.ev.amount += -5", "demands.ev.amount", 195),
        ("demands.?v.amount=1", "demands.ev.amount", 1),
        ("facilities.mill.capacity*=2", "facilities.mill.capacity", {2026: 200, 2030: 300}),
        ("facilities.mill.capacity.2030=7", "facilities.mill.capacity", {2026: 100, 2030: 7}),
        ("facilities.mill.capacity.2032=7", "facilities.mill.capacity", {2026: 100, 2030: 150, 2032: 7}),
        ("processes.press.inputs.oxide.ndpr=0.4", "processes.press.inputs", {"oxide.ndpr": 0.4}),
        ("commodities.oxide.ndpr.disposal=forbidden", "commodities.oxide.ndpr.disposal", "forbidden"),
        ("commodities.*.disposal=3", "commodities.oxide.ndpr.disposal", 3),
        ("suppliers.*.steps.*.price*=2", "suppliers.norway.steps.0.price", 4),
        ("projects.new_works.capital.curve.1.cost*=2", "projects.new_works.capital.curve.1.cost", 100),
        ("facilities.*.availability*=0.5", "facilities.works.availability", 0.5),
        ("facilities.works.retirement=true", "facilities.works.retirement", True),
        ("facilities.works.variable_costs.press=3", "facilities.works.variable_costs", {"press": 3}),
        ("options.seed=4", "options.seed", 4),
        ("plan=common", "plan", "common"),
        ("lanes.ship_ore.to=[US, CN]", "lanes.ship_ore.to", ["US", "CN"]),
        ("futures.storm.from=calm", "futures.storm.from", "calm"),
    ],
)
def test_set(tmp_path: Path, override: str, path: str, value: object) -> None:
    document = small(tmp_path, sets=[override])
    assert any(statement.how.startswith("--set") for statement in document.why(path))
    node: object = document.resolved()
    keys = path.replace("oxide.ndpr", "oxide/ndpr").split(".")
    for key in (key.replace("/", ".") for key in keys):
        node = node[int(key)] if isinstance(node, list) else node[key]  # type: ignore[index]
    assert node == value


def test_set_null_takes_away(tmp_path: Path) -> None:
    document = small(tmp_path, sets=["lanes.ship_magnets.capacity=null", "outlets.world="])
    assert document.instance.lanes["ship_magnets"].capacity is None
    assert document.instance.outlets == {}


def test_set_adds_a_part_in_full(tmp_path: Path) -> None:
    document = small(tmp_path, sets=["outlets.other={commodity: ore, regions: [US], steps: [{price: 1, amount: 1}]}"])
    assert set(document.instance.outlets) == {"world", "other"}


def test_set_keeps_provenance(tmp_path: Path) -> None:
    full = "amount: {value: 200, low: 100, high: 300, source: survey, note: as surveyed}"
    inside = small(tmp_path, ("amount: 200", full), sets=["demands.ev.amount=250"]).instance.demands["ev"].amount
    assert (inside.value, inside.low, inside.high, inside.source) == (250, 100, 300, "survey")
    outside = small(tmp_path, ("amount: 200", full), sets=["demands.ev.amount=400"]).instance.demands["ev"].amount
    assert (outside.value, outside.low, outside.high, outside.source) == (400, None, None, "survey")
    scaled = small(tmp_path, ("amount: 200", full), sets=["demands.ev.amount*=2"]).instance.demands["ev"].amount
    assert (scaled.value, scaled.low, scaled.high, scaled.note) == (400, 200, 600, "as surveyed")
    tabled = small(tmp_path, ("amount: 200", full), sets=["demands.ev.amount={2026: 1}"]).instance.demands["ev"].amount
    assert (tabled.value, tabled.by_year, tabled.low, tabled.source) == (None, {2026: 1}, None, "survey")


def test_scaling_leaves_the_range_of_a_series(tmp_path: Path) -> None:
    full = "amount: {by_year: {2026: 10, 2030: 20}, low: 0.5, high: 2}"
    figure = small(tmp_path, ("amount: 200", full), sets=["demands.ev.amount*=2"]).instance.demands["ev"].amount
    assert (figure.by_year, figure.low, figure.high) == ({2026: 20, 2030: 40}, 0.5, 2)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("demads.ev.amount=3", r"unknown-path .* did you mean demands\.ev\.amount\?"),
        ("demands.ev.amuont=3", r"did you mean demands\.ev\.amount\?"),
        ("facilities.*.capcity*=3", r"did you mean facilities\.\*\.capacity\?"),
        ("facilities.mil.capacity=3", r"did you mean facilities\.mill\.capacity\?"),
        ("facilities.new=3", "unknown-path"),
        ("time.periods.9=3", "unknown-path"),
        ("options.sed=3", r"did you mean options\.seed\?|unknown-path"),
        ("demands.ev.amount", "wrong-override"),
        ("=3", "wrong-override"),
        ("demands.ev.amount*=x", "wrong-override"),
        ("demands.ev.amount*=-1", "wrong-override"),
        ("demands.ev.region+=1", "wrong-override"),
        ("processes.press.inputs*=2", r"did you mean processes\.press\.inputs\.\*\?"),
        ("demands.ev.amount=[", "yaml-syntax"),
        ("demands.ev.amount=!!int 3", "tag"),
        ("demands.ev.amount=many", "wrong-type"),
        ("demands.ev.amount=-4", "out-of-range"),
    ],
)
def test_wrong_set(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        small(tmp_path, sets=[override])
    assert str(caught.value).startswith("--set ")


def test_futures_have_variants(tmp_path: Path) -> None:
    document = small(tmp_path)
    assert list(document.instances()) == ["calm", "storm"]
    assert document.instance is document.variant("calm")
    assert document.variant("calm").demands["defence"].amount.value == 10
    assert document.variant("storm").demands["defence"].amount.value == 15
    both = load(document.path, sets=["demands.defence.amount=100"])
    assert both.variant("storm").demands["defence"].amount.value == 150


def test_first_future_may_have_overrides(tmp_path: Path) -> None:
    document = small(tmp_path, ("{probability: 0.6}", "{probability: 0.6, overrides: {demands.ev.amount: 1}}"))
    assert document.instance.demands["ev"].amount.value == 1
    assert document.variant("storm").demands["ev"].amount.value == 200
