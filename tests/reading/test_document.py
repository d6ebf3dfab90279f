"""Reading instances: places, layers, tables, overrides, plain words for mistakes, and safety."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.common.errors import PRINTED, InputError, Place, Problem, did_you_mean
from planner.reading.document import load
from tests.documents import HERE, SMALL, refused, replaced, small, write

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
