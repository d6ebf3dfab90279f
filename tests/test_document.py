"""Reading instances: places, layers, tables, overrides, plain words for mistakes, and safety."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from planner.errors import PRINTED, InputError, Place, Problem, did_you_mean
from planner.reading.document import Document, load
from planner.reading.settle import MOST_NODES
from planner.schema import Units
from planner.units import periods, price_factor, unit

SMALL = (Path(__file__).parent / "small.yaml").read_text()
HERE = "  # here"


def write(tmp_path: Path, text: str, name: str = "instance.yaml") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def small(tmp_path: Path, *changes: tuple[str, str], **options: object) -> Document:
    """The small instance with texts replaced."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return load(write(tmp_path, text), **options)  # type: ignore[arg-type]


def refused(tmp_path: Path, text: str) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, text))
    return caught.value.problems


def replaced(old: str, new: str) -> str:
    assert old in SMALL, old
    return SMALL.replace(old, new, 1)


# Wrong form: code and line.

WRONG = {
    "unknown key": ("unknown-key", "    lead_time: 1", f"    lead_tme: 1{HERE}"),
    "unknown section": ("unknown-key", "stockpiles:", f"stockpile:{HERE}"),
    "missing key": ("missing-key", "  works:\n    region: US\n", f"  works:{HERE}\n"),
    "duplicate key": ("duplicate-key", "    capacity: 0\n", f"    capacity: 0\n    capacity: 1{HERE}\n"),
    "choice": ("wrong-choice", "discounting: mid_period", f"discounting: mid_perod{HERE}"),
    "choice or cost": ("wrong-choice", "disposal: forbidden", f"disposal: forbiden{HERE}"),
    "neither choice nor cost": ("wrong-type", "disposal: forbidden", f"disposal: [1]{HERE}"),
    "cost with a wrong key": ("unknown-key", "disposal: forbidden", f"disposal: {{valu: 3}}{HERE}"),
    "negative cost": ("out-of-range", "disposal: forbidden", f"disposal: -3{HERE}"),
    "kind of requirement": ("wrong-choice", "kind: served", f"kind: servd{HERE}"),
    "no kind of requirement": ("missing-key", "  guns:\n    kind: served", f"  guns:{HERE}"),
    "text for number": ("wrong-type", "amount: 200", f"amount: many{HERE}"),
    "quoted number": ("wrong-type", "lead_time: 1", f'lead_time: "1"{HERE}'),
    "thousands": ("wrong-type", "amount: 200", f"amount: 200,000{HERE}"),
    "per cent": ("wrong-type", "discount_rate: 0.05", f"discount_rate: 5%{HERE}"),
    "truth for number": ("wrong-type", "lead_time: 1", f"lead_time: true{HERE}"),
    "fraction for count": ("wrong-type", "at_most: 2", f"at_most: 2.5{HERE}"),
    "number for list": ("wrong-type", "processes: [press]", f"processes: 3{HERE}"),
    "range of a number": ("out-of-range", "discount_rate: 0.05", f"discount_rate: 5{HERE}"),
    "range of a figure": ("out-of-range", "target: 0.9", f"target: 90{HERE}"),
    "range of a mapped figure": ("out-of-range", "      recycle: 7", f"      recycle: -7{HERE}"),
    "length of a period": ("out-of-range", "periods: [1, 1, 2,", f"periods: [1, 1,\n   -2,{HERE}\n   "),
    "key of a period": (
        "unknown-key",
        "{name: late, length: 4}",
        f"{{name: late, length: 4,\n    leng: 3{HERE}\n    }}",
    ),
    "name": ("bad-name", "regions: {CN: {},", f'regions: {{"C|N": {{}},{HERE}\n  CN: {{}},'),
    "empty list": ("empty", "commodities: [ore]", f"commodities: []{HERE}"),
    "fields that exclude each other": (
        "inconsistent",
        "size: {least: 50, most: 500}",
        f"size: {{fixed: 3, most: 500}}{HERE}",
    ),
    "figure twice": ("inconsistent", "amount: 200", f"amount: {{value: 3, by_year: {{2026: 4}}}}{HERE}"),
    "figure outside its range": ("inconsistent", "amount: 200", f"amount: {{value: 3, low: 4, high: 5}}{HERE}"),
    "years beside words": ("inconsistent", "amount: 200", f"amount: {{2026: 3, note: x}}{HERE}"),
    "year with a decimal": ("wrong-key", "amount: 200", f"amount: {{2026.5: 3}}{HERE}"),
    "unit of a figure": ("wrong-unit", "amount: 200", f"amount: {{value: 200, unit: kg/year}}{HERE}"),
    "currencies": ("wrong-unit", "price: USD/kg}", f"price: EUR/kg}}{HERE}"),
    "price without quantity": ("wrong-unit", "price: USD/kg}", f"price: USD}}{HERE}"),
    "quantities": (
        "wrong-unit",
        "units: {quantity: t, money: MUSD, price",
        f"units: {{quantity: unit, money: MUSD,\n  price: USD/kg{HERE}\n  }}\n#",
    ),
    "names of periods": ("duplicate-key", "  periods: [1, 1,", f"  periods:{HERE}\n    [{{name: late, length: 1}}, 1,"),
    "estimate without reason": (
        "unsourced",
        "amount: 200",
        f"amount: {{value: 2, low: 1, high: 3, estimate: true}}{HERE}",
    ),
    "not finite": ("not-finite", "amount: 200", f"amount: .inf{HERE}"),
    "too large to be finite": ("not-finite", "amount: 200", f"amount: 1e999{HERE}"),
    "not a number": ("not-finite", "amount: 200", f"amount: .NaN{HERE}"),
    "tag": ("tag", "amount: 200", f"amount: !!int 200{HERE}"),
    "Python tag": ("tag", "amount: 200", f"amount: !!python/object/apply:os.getcwd []{HERE}"),
    "merge key": ("merge-key", "    amount: 200", f"    <<: {{}}{HERE}\n    amount: 200"),
    "list as key": ("wrong-key", "    amount: 200", f"    ? [1, 2]{HERE}\n    : 3\n    amount: 200"),
    "truth as key": ("wrong-key", "regions: {CN: {}", f"regions: {{true: {{}},{HERE}\n  CN: {{}}"),
    "second document": ("second-document", "scenarios:", f"---{HERE}\nscenarios:"),
    "nothing where a part is expected": ("wrong-type", "  norway:\n", f"  sweden:{HERE}\n  norway:\n"),
    "override of nothing": ("unknown-path", "demands.defence.amount *=: 1.5", f"demands.defense.amount *=: 1.5{HERE}"),
    "override with text": ("wrong-override", "demands.defence.amount *=: 1.5", f"demands.defence.amount *=: x{HERE}"),
    "override of text": ("wrong-override", "demands.defence.amount *=: 1.5", f"demands.defence.region *=: 2{HERE}"),
    "override of time": ("forbidden-override", "demands.defence.amount *=: 1.5", f"time.start: 2027{HERE}"),
    "override that adds a part": ("forbidden-override", "demands.defence.amount *=: 1.5", f"regions.FR: {{}}{HERE}"),
    "override that moves a part": (
        "forbidden-override",
        "demands.defence.amount *=: 1.5",
        f"facilities.mill.region: NO{HERE}",
    ),
    "override of a date": ("forbidden-override", "demands.defence.amount *=: 1.5", f"projects.port.life: 2{HERE}"),
    "override that adds an input": (
        "forbidden-override",
        "demands.defence.amount *=: 1.5",
        f"processes.press.inputs.ore: 2{HERE}",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_form(tmp_path: Path, name: str) -> None:
    code, old, new = WRONG[name]
    text = replaced(old, new)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if row.endswith(HERE))
    found = [(problem.code, problem.place.line) for problem in refused(tmp_path, text) if problem.place]
    assert (code, line) in found


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("    lead_time: 1", "    lead_tme: 1", "did you mean lead_time?"),
        ("discounting: mid_period", "discounting: mid_perod", "did you mean mid_period?"),
        ("disposal: forbidden", "disposal: forbiden", "did you mean forbidden?"),
        ("discount_rate: 0.05", "discount_rate: 5%", "did you mean 0.05?"),
        ("    amount: 200", "    amount: 200\n    growth: 3", "did you mean substitution.growth?"),
        (
            "    capacity: 0\n",
            "    capacity: 0\n    stockpiles: {}\n",
            "stockpiles belongs to the top level: is it indented too far?",
        ),
        ("kind: served", "kind: servd", "did you mean served?"),
        ("    amount: 200", "    amount: 1,200", "write 1200 if thousands are meant, 1.2 if not"),
        ("    amount: 200", '    amount: "1.200"', "write 1200 if thousands are meant, 1.2 if not"),
        ("    amount: 200", "    amount: 1.000,5", "did you mean 1000.5?"),
        ("    amount: 200", "    amount: 1,200,300.5", "did you mean 1200300.5?"),
        ("    amount: 200", "    amount: 12,5", "did you mean 12.5?"),
        ("capital: {fixed: 3}", "capital: {fixed: 1,200}",
         "a comma ends a value within { }: write 1200 rather than 1,200"),
    ],
)
def test_hints(tmp_path: Path, old: str, new: str, hint: str) -> None:
    assert [problem.hint for problem in refused(tmp_path, replaced(old, new))] == [hint]


def test_one_message_for_a_union(tmp_path: Path) -> None:
    assert len(refused(tmp_path, replaced("disposal: forbidden", "disposal: {value: x}"))) == 1
    assert len(refused(tmp_path, replaced("disposal: forbidden", "disposal: fre"))) == 1
    assert len(refused(tmp_path, replaced("periods: [1, 1, 2,", "periods: [1, 1, two,"))) == 1


def test_errors_print_place_code_and_hint(tmp_path: Path) -> None:
    text = replaced("    lead_time: 1", "    lead_tme: 1")
    line = text[: text.index("lead_tme")].count("\n") + 1
    expected = f"instance.yaml:{line}:5 unknown-key projects.new_works has no lead_tme - did you mean lead_time?"
    assert str(InputError(refused(tmp_path, text))) == f"{tmp_path}/{expected}"


def test_printing_is_capped_and_sorted() -> None:
    problems = [Problem("empty", f"number {n}", Place("a.yaml", 100 - n, 1)) for n in range(40)]
    error = InputError([*problems, problems[0]])
    assert len(error.problems) == 40
    assert error.problems[0].place == Place("a.yaml", 61, 1)
    assert str(error).splitlines()[PRINTED] == "... and 15 more problems"


def test_a_slip_that_many_futures_repeat_is_said_once(tmp_path: Path) -> None:
    futures = "".join(
        f"  f{i}: {{probability: 0, from: calm, branches: 2027, overrides: {{demands.ev.amonut: {i}}}}}\n"
        for i in range(60)
    )
    error = InputError(refused(tmp_path, replaced("sources:\n", f"{futures}sources:\n")))
    (line,) = str(error).splitlines()
    assert len(error.problems) == 60
    assert line.startswith(str(error.problems[0]))
    assert line.endswith("did you mean demands.ev.amount? (and in 59 more places)")


def test_yaml_syntax_has_a_place(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, "name: a\nunits: {quantity: t\nx: 3\n")
    assert (problem.code, problem.place and problem.place.line) == ("yaml-syntax", 3)
    (problem,) = refused(tmp_path, "name: a\n\tb: 3\n")
    assert (problem.code, problem.place and problem.place.line) == ("yaml-syntax", 2)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("name: a\ntitle: one: two\n", 2, "put a text with a colon in quotes"),
        ("name: a\n  title: b\n", 2, "indent all keys of a part alike"),
        ("  name: a\n title: b\n", 2, "indented less than the first"),
        ("regions:\n  US: {}\n NO: {}\n", 3, "indent all keys of a part alike"),
        ("name: a\ntitle\n", 3, "a key has no colon"),
        ("title: 'it's'\n", 1, "double quotes"),
        ("title: @home\n", 1, "put such text in quotes"),
        ("title: - a\n", 1, "a list begins behind a key"),
        ("title: [a, b\n", 2, "a bracket is not closed"),
    ],
)
def test_yaml_syntax_says_what_is_meant(text: str, line: int, says: str, tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, text)
    assert (problem.code, problem.place and problem.place.line) == ("yaml-syntax", line)
    assert says in str(problem)


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\ufeff", "\u001b", "\u2028"])
def test_letters_that_mirror_or_hide_are_refused(sign: str, tmp_path: Path) -> None:
    for text in (replaced("title: A survey", f"title: A sur{sign}vey"), SMALL.replace("ship_ore", f"ship{sign}ore")):
        assert refused(tmp_path, text)[0].code in ("control-character", "yaml-syntax")
    with pytest.raises(InputError):
        small(tmp_path, sets=[f"demands.ev.title=a{sign}b"])


def test_a_name_keeps_its_noughts(tmp_path: Path) -> None:
    document = small(tmp_path, ("US: {}, NO: {}}", "US: {}, NO: {}, 007: {}, 7: {}}"))
    assert list(document.instance.regions)[3:] == ["007", "7"]


@pytest.mark.parametrize(("stated", "given"), [("caf\u00e9", "cafe\u0301"), ("New York", "New\u00a0York")])
def test_names_that_look_the_same_are_told_apart(stated: str, given: str) -> None:
    assert did_you_mean(given, [stated]) == f"{stated} looks the same but has other characters, such as a special" \
        " space: copy it"


# YAML 1.2.


def test_norway_and_numbers(tmp_path: Path) -> None:
    document = small(
        tmp_path,
        ("discount_rate: 0.05", "discount_rate: 5e-2"),
        ("amount: 200", "amount: 2e2"),
        ("NO: {}}", "NO: {}, 310: {}, on: {}, y: {}}"),
        ("region: US\n    class: ev", "region: 310\n    class: ev"),
        ("title: A survey", "title: A survey\n    date: 2025"),
    )
    instance = document.instance
    assert list(instance.regions) == ["CN", "US", "NO", "310", "on", "y"]
    assert instance.lanes["ship_ore"].origins == ["NO"]
    assert instance.demands["ev"].region == "310"
    assert instance.time.discount_rate == 0.05
    assert instance.demands["ev"].amount.value == 200
    assert instance.sources["survey"].date == "2025"


def test_dates_are_text(tmp_path: Path) -> None:
    document = small(tmp_path, ("title: A survey", "title: A survey\n    date: 2025-04-04"))
    assert document.instance.sources["survey"].date == "2025-04-04"


def test_aliases_share_but_do_not_bind(tmp_path: Path) -> None:
    text = SMALL.replace("steps:\n      - {price: 60, amount: 400}", "steps:\n      - &offer {price: 60, amount: 400}")
    text = text.replace("steps: [{price: 50, amount: 20}]", "steps: [*offer]")
    document = load(write(tmp_path, text), sets=["outlets.world.steps.0.price=40"])
    assert document.instance.outlets["world"].steps[0].price.value == 40
    assert document.instance.suppliers["china"].steps[0].price.value == 60


# Places and history.


def test_places(tmp_path: Path) -> None:
    document = small(tmp_path)
    lines = SMALL.splitlines()

    def stated(*path: object) -> str:
        place = document.place(path)
        return lines[place.line - 1][place.column - 1 :]

    assert stated("processes", "press", "inputs", "oxide.ndpr").startswith("oxide.ndpr: 0.33")
    assert stated("suppliers", "china", "steps", 0, "price").startswith("price: 60")
    assert stated("futures", "storm", "comes_from").startswith("from: calm")
    assert stated("lanes", "ship_magnets", "destinations", 1).startswith("NO]")
    assert stated("demands", "ev", "substitution", "growth").startswith("ev:")
    assert (
        document.place(("demands", "defence", "amount"), "storm").line
        == document.place(("futures", "storm", "overrides")).line + 1
    )


def test_why_tells_the_history(tmp_path: Path) -> None:
    write(tmp_path, SMALL, "base.yaml")
    path = write(
        tmp_path, "extends: base.yaml\ndemands: {ev: {amount: 150}}\nscenarios: {more: {demands.ev.amount +=: 5}}\n"
    )
    document = load(path, "more", ["demands.*.amount*=2"])
    history = document.why("demands.ev.amount")
    assert [(statement.value, statement.how) for statement in history] == [
        (200, "extends"), (150, "file"), (155, "scenario more +="), (310, "--set *="),
    ]  # fmt: skip
    assert [statement.place.line for statement in history[1:3]] == [2, 3]
    assert history[0].place.file.endswith("base.yaml")
    assert document.instance.demands["ev"].amount.value == 310
    with pytest.raises(InputError, match=r"did you mean demands\.ev\.amount"):
        document.why("demands.ev.amuont")


def test_why_a_figure_in_full(tmp_path: Path) -> None:
    document = small(tmp_path, sets=["demands.ev.amount.note=guess", "demands.ev.amount.value=7"])
    assert [s.value for s in document.why("demands.ev.amount.value")] == [200, 7]


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


# Sources.


def test_sourced_instances(tmp_path: Path) -> None:
    text = "sourced: true\n" + SMALL
    problems = refused(tmp_path, text)
    assert {problem.code for problem in problems} == {"unsourced"}
    messages = [problem.message for problem in problems]
    assert "demands.ev.amount needs source, date, confidence" in messages
    assert not any("facilities.works.capacity" in message and "0" in message for message in messages)
    stated = text.replace("    amount: 200", "    amount: {value: 200, source: survey, date: 2025, confidence: low}")
    assert not any("demands.ev.amount" in problem.message for problem in refused(tmp_path, stated))
    by_part = text.replace("    amount: 200", "    amount: 200\n    source: survey\n    date: 2025")
    assert "demands.ev.amount needs confidence" in [problem.message for problem in refused(tmp_path, by_part)]


def test_an_estimate_needs_its_reason_rather_than_a_source(tmp_path: Path) -> None:
    figure = "{value: 200, low: 100, high: 300, estimate: true, note: half of last year, confidence: low}"
    problems = refused(tmp_path, "sourced: true\n" + replaced("amount: 200", f"amount: {figure}"))
    assert not any("demands.ev.amount" in problem.message for problem in problems)


# Safety.


def test_alias_bomb(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    started = time.perf_counter()
    assert refused(tmp_path, "\n".join(lines))[0].code == "too-large"
    assert time.perf_counter() - started < 2


def test_bomb_by_common_fields(tmp_path: Path) -> None:
    note = "{" + ", ".join(f"k{n}: {{price: 1}}" for n in range(300)) + "}"
    rows = "\n".join(f"      - [r{n}]" for n in range(5000))
    text = f"regions:\n  table:\n    columns: [name]\n    common: {{title: {note}}}\n    rows:\n{rows}\n"
    assert refused(tmp_path, text)[0].code == "too-large"
    assert MOST_NODES == 1_000_000


def test_alias_of_itself(tmp_path: Path) -> None:
    assert refused(tmp_path, "a: &a [*a]")[0].code == "unknown-alias"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting(tmp_path: Path, opening: str) -> None:
    assert refused(tmp_path, opening * 100_000)[0].code == "too-deep"


def test_depth_by_aliases(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1]", *(f"a{n}: &a{n} [[*a{n - 1}]]" for n in range(1, 40))]
    assert refused(tmp_path, "\n".join(lines))[0].code == "too-deep"


def test_huge_file(tmp_path: Path) -> None:
    assert refused(tmp_path, "# " + "x" * 8 * 1024 * 1024)[0].code == "too-large"


def test_encoding(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_bytes(b"name: a\ntitle: caf\xe9\n")
    with pytest.raises(InputError, match=r"instance.yaml:2:1 not-utf8"):
        load(path)
    path.write_bytes(SMALL.encode("utf-16"))
    with pytest.raises(InputError, match="not-utf8"):
        load(path)
    path.write_bytes(b"name: a\0b\n")
    with pytest.raises(InputError, match="yaml-syntax"):
        load(path)
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(path).instance.name == "small"


@pytest.mark.parametrize("word", ["extends", "include"])
@pytest.mark.parametrize(
    "target", ["../secret.yaml", "/etc/hostname", "link.yaml", "sub/../../secret.yaml", "dir/secret.yaml"]
)
def test_no_escape(tmp_path: Path, word: str, target: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    write(tmp_path, "name: secret", "secret.yaml")
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "dir").symlink_to(tmp_path)
    assert refused(inside, f"{word}: {target}")[0].code == "outside-directory"


def test_an_instance_may_be_a_link(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "link.yaml"
    link.symlink_to(path)
    assert load(link).instance.name == "small"


def test_a_shipped_instance_is_extended_from_any_folder(tmp_path: Path) -> None:
    path = write(tmp_path, "extends: planner:rare-earths\nname: mine\nregions: {US: {title: Mine}}\n")
    document = load(path)
    assert (document.instance.name, document.instance.regions["US"].title) == ("mine", "Mine")
    assert {"instance.yaml", "planner:rare-earths.yaml", "planner:rare-earths/mines.yaml"} <= document.files.keys()
    for name in ("rare-earth", "../pyproject", "/etc/passwd", "rare-earths.yaml", "published/farmer"):
        (problem,) = refused(tmp_path, f"extends: planner:{name}\n")
        assert problem.code == "no-file"
        assert problem.place == Place(str(path), 1, 1)


def test_circles_of_files(tmp_path: Path) -> None:
    assert refused(tmp_path, "extends: instance.yaml")[0].code == "cycle"
    write(tmp_path, "include: instance.yaml", "b.yaml")
    assert refused(tmp_path, "include: b.yaml")[0].code == "cycle"
    write(tmp_path, "extends: instance.yaml", "b.yaml")
    assert refused(tmp_path, "extends: b.yaml")[0].code == "cycle"


def test_many_files(tmp_path: Path) -> None:
    for n in range(50):
        write(tmp_path, f"include: [f{n + 1}.yaml, f{n + 1}.yaml]", f"f{n}.yaml")
    started = time.perf_counter()
    assert refused(tmp_path, "include: f0.yaml")[0].code == "too-many-files"
    assert time.perf_counter() - started < 2


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path, "include: [nowhere.yaml]")[0].code == "no-file"
    with pytest.raises(InputError, match="no-file"):
        load(tmp_path / "nowhere.yaml")
    folder = tmp_path / "run"
    folder.mkdir()
    for hint in ("name a file in it", f"the instance of that run is {folder / 'instance.yaml'}"):
        with pytest.raises(InputError) as caught:
            load(folder)
        assert str(caught.value.problems[0]).endswith(f"no-file run is a folder, not a file - {hint}")
        write(folder, "")
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="no-file"):
        load(tmp_path / "pipe.yaml")


@pytest.mark.parametrize(
    "text", ["", "# nothing", "3", "- a", "~", "name", "include: 3", "extends: [a]", "name: !", "scenarios: 3"]
)
def test_what_is_no_instance(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text)


# Units and periods.


@pytest.mark.parametrize(
    ("quantity", "money", "price", "factor"),
    [
        ("t", "MUSD", "USD/kg", 1e-3),
        ("t", "USD", "USD/t", 1),
        ("kt", "bnEUR", "EUR/kg", 1e-3),
        ("kg", "kUSD", "USD/g", 1),
        ("PJ", "MUSD", "kUSD/PJ", 1e-3),
        ("t", "Mexican peso", "Mexican peso/t", 1),
        ("t", "USD", "MUSD/t", 1e6),
    ],
)
def test_price_factor(quantity: str, money: str, price: str, factor: float) -> None:
    assert price_factor(Units(quantity=quantity, money=money, price=price)) == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    ("quantity", "money", "price"), [("t", "MUSD", "EUR/kg"), ("t", "USD", "USD"), ("t", "USD", "USD/m3")]
)
def test_units_that_do_not_belong_together(quantity: str, money: str, price: str) -> None:
    with pytest.raises(ValueError, match="price"):
        price_factor(Units(quantity=quantity, money=money, price=price))


def test_unit_of_a_role() -> None:
    units = Units(quantity="t", money="MUSD", price="USD/kg")
    assert [unit(units, role) for role in ("quantity/year", "price", "money/year", "share", "year")] == [
        "t/year", "USD/kg", "MUSD/year", "share", "year",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "lengths", "names"),
    [
        (2026, "[1, 1, 2, 5]", ["2026", "2027", "2028-2029", "2030-2034"]),
        (2026, "[0.25, 0.25, 0.5, 1]", ["2026.00", "2026.25", "2026.50", "2027"]),
        (2026.5, "[1, 2]", ["2026-2027", "2027-2029"]),
        (2026, "[{length: 1, name: now}, 1]", ["now", "2027"]),
    ],
)
def test_names_of_periods(tmp_path: Path, start: float, lengths: str, names: list[str]) -> None:
    document = small(
        tmp_path,
        ("start: 2026", f"start: {start}"),
        ("periods: [1, 1, 2, {name: late, length: 4}]", f"periods: {lengths}"),
    )
    assert [span.name for span in periods(document.instance.time)] == names
