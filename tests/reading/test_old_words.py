"""Old words of the instance language: read as the new ones wherever they may stand, with a note at each place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

import planner
from planner.common.errors import InputError
from planner.language.json_schema import json_schema
from planner.language.old_words import OLD_WORDS
from planner.reading.compose import plain
from planner.reading.document import Document, load
from planner.reading.files import Reader
from planner.validation.validate import validate
from planner.workflows.solve import solve
from planner.workflows.sweep.reading import read_study

NEW = """
name: words
units: {quantity: t, money: USD, price: USD/t}
time: {start: 2026, periods: [1], discount_rate: 0, base_year: 2026, discounting: mid_period, capital_charge: annuity}
regions: {CN: {}, US: {}, JP: {}}
commodities: {magnet: {stage: magnet, disposal: free}}
processes: {make: {outputs: {magnet: 1}, variable_cost: 20}}
facilities: {plant: {region: US, capacity: 100, processes: [make]}}
suppliers: {china: {commodity: magnet, origin: CN, regions: [US, JP], steps: [{price: 10, amount: 500}]}}
demands:
  cars: {region: US, class: ev, accepts: {magnet: 1}, amount: 100, shortage: [{share: 1, cost: 50}]}
  robots: {region: JP, class: ev, accepts: {magnet: 1}, amount: 100, shortage: [{share: 1, cost: 8}]}
futures:
  calm: {probability: 1, overrides: {"requirements.alike.max_gap *=": 1}}
requirements:
  alike: {kind: sharing, max_gap: 0.4, elastic: {penalty: {value: 50, low: 40, high: 60}}}
  max_gap: {kind: supplier_count, stages: [magnet], count: 2, least: 10, regions: [US, CN]}
scenarios:
  strict: {"requirements.alike.elastic": ~, "requirements.alike.max_gap": 0.3}
"""
SAID = {word.old: f"{word.old} is called {word.new} now; the old word goes with version 0.3" for word in OLD_WORDS}


def aged(text: str) -> str:
    """The same in old words; the requirement that is called max_gap keeps its name."""
    for new, old in (("kind: supplier_count", "kind: sources"), ("max_gap: 0", "apart: 0"),
                     (".max_gap", ".apart"), ("{penalty:", "{price:")):  # fmt: skip
        text = text.replace(new, old)
    return text


def written(folder: Path, text: str, name: str = "case.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def rule(document: Document, name: str) -> Any:
    return document.instance.requirements[name]


def lines(file: Path) -> list[tuple[str, int, str]]:
    """Code, line and message of every note on an old word."""
    notes = [note for note in validate(load(file)) if note.code == "old-word"]
    return sorted((note.code, note.place.line if note.place else 0, note.message) for note in notes)


def test_old_words_give_the_same_plan_with_a_note_at_each_place(tmp_path: Path) -> None:
    new, old = written(tmp_path, NEW), written(tmp_path, aged(NEW), "old.yaml")
    assert load(new).sha256 == load(old).sha256
    assert lines(new) == []
    assert lines(old) == [
        ("old-word", line, SAID[word]) for line, word in
        ((14, "apart"), (16, "apart"), (16, "price"), (17, "sources"), (19, "apart"))
    ]  # fmt: skip
    first, second = (solve(file, out=tmp_path / file.stem, options={"gap": 0.0}) for file in (new, old))
    assert first.figures["objective"] == second.figures["objective"] == 2020
    assert set(second.tables["requirements"]["kind"]) == {"sharing", "supplier_count"}
    resolved = (tmp_path / "old" / "instance.yaml").read_text()
    assert resolved == (tmp_path / "case" / "instance.yaml").read_text()
    assert "apart" not in resolved


@pytest.mark.parametrize("change", [
    "requirements.alike.apart=0.2", "requirements.*.apart=0.2", "requirements.alike.apart.value=0.2",
    "requirements.alike.apart*=0.5", "requirements.alike={kind: sharing, apart: 0.2}",
    # A requirement may not differ between futures, so that this one is left as it is.
    "futures.calm.overrides.requirements.alike.apart=0.4", "futures.calm.overrides={requirements.alike.apart: 0.4}",
])  # fmt: skip
def test_old_words_on_the_line(change: str, tmp_path: Path) -> None:
    document = load(written(tmp_path, NEW), sets=[change])
    assert rule(document, "alike").max_gap.numbers() == [0.4 if "futures" in change else 0.2]
    assert [(note.message, note.place.file) for note in document.notes if note.place] == [
        (SAID["apart"], f"--set {change}")
    ]


def test_an_old_word_is_no_old_word_where_it_is_a_text_or_a_name(tmp_path: Path) -> None:
    text = NEW.replace("alike: {kind: sharing,", "price: {kind: sharing, title: apart, classes: [ev],")
    text = text.replace("requirements.alike.", "requirements.price.")
    document = load(written(tmp_path, text.replace("count: 2,", "count: 2, title: sources,")))
    assert (rule(document, "price").title, rule(document, "max_gap").title) == ("apart", "sources")
    assert document.notes == []


def test_old_words_in_a_scenario_and_in_its_history(tmp_path: Path) -> None:
    document = load(written(tmp_path, aged(NEW)), "strict")
    alike = rule(document, "alike")
    assert (alike.elastic, alike.max_gap.numbers()) == (None, [0.3])
    assert document.why("requirements.alike.apart") == document.why("requirements.alike.max_gap") != []


def test_old_words_in_data_and_in_a_file_that_is_extended(tmp_path: Path) -> None:
    base = written(tmp_path, aged(NEW), "base.yaml")
    top = written(tmp_path, "extends: base.yaml\nrequirements: {alike: {max_gap: 0.1}}\n")
    assert rule(load(top), "alike").max_gap.numbers() == [0.1]
    data = plain(Reader(base).read())
    data["requirements"]["alike"]["apart"] = data["requirements"]["alike"].pop("max_gap")
    assert [str(note.place) for note in planner.validate(data) if note.code == "old-word"] == [
        "instance['requirements']['alike']['apart']"
    ]


@pytest.mark.parametrize("place", ["a file", "rows", "common"])
def test_old_words_in_tables(place: str, tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("name,kind,stages.0,count,least,elastic.price\nr,sources,magnet,2,10,30\n")
    tables = {
        "a file": "{file: rules.csv}",
        "rows": "{columns: [name, kind, elastic.price, count, least], common: {stages: [magnet]}, "
                "rows: [[r, sources, 30, 2, 10]]}",
        "common": "{columns: [name, count, least], common: {kind: sources, stages: [magnet], elastic.price: 30}, "
                  "rows: [[r, 2, 10]]}",
    }  # fmt: skip
    file = written(tmp_path, f"extends: base.yaml\nrequirements:\n  table: {tables[place]}\n")
    written(tmp_path, NEW, "base.yaml")
    document = load(file)
    made = rule(document, "r")
    assert (made.kind, made.elastic.penalty.numbers()) == ("supplier_count", [30])
    assert sorted(note.message for note in document.notes) == sorted([SAID["price"], SAID["sources"]])


def test_a_study_with_an_old_path(tmp_path: Path) -> None:
    written(tmp_path, NEW)
    study = "study: s\ninstance: case.yaml\nvary:\n  gap: {path: requirements.alike.apart, range: [0.1, 0.4]}\n"
    stated = "  price: {path: requirements.alike.elastic.price, range: stated}\ndesign: one_way\n"
    found = read_study(written(tmp_path, study + stated, "study.yaml"))
    assert [factor.changes for factor in found.factors] == [
        (("requirements.alike.max_gap", "="),), (("requirements.alike.elastic.penalty", "="),)]
    assert [(note.message, note.place.line) for note in found.document.notes if note.place] == [
        (SAID["apart"], 4), (SAID["price"], 5)]


@pytest.mark.parametrize(("wrong", "words"), [
    ("max_gap: 0.4, apart: 0.4", "max_gap is given twice, once as apart"),
    ("gapart: 0.4", "gapart"), ("max_gap: 0.4, price: 3", "price"),
])  # fmt: skip
def test_other_words_are_refused_as_ever(wrong: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as refused:
        load(written(tmp_path, NEW.replace("max_gap: 0.4", wrong)))
    assert "case.yaml:16:" in str(refused.value)


def test_editors_know_old_words_as_old() -> None:
    check = jsonschema.Draft202012Validator(json_schema())
    old = {"kind": "sharing", "apart": 0.1, "elastic": {"price": 3}}
    assert check.is_valid({"requirements": {"a": old, "b": {"kind": "sources", "count": 2, "least": 1}}})
    assert not check.is_valid({"requirements": {"a": old | {"gapart": 1}}})
    for elastic, is_valid in (({"penalty": 3}, True), ({}, False), ({"penalty": 3, "price": 3}, False)):
        assert check.is_valid({"requirements": {"a": old | {"elastic": elastic}}}) == is_valid
    parts = json_schema()["$defs"]
    assert parts["Sharing"]["properties"]["apart"]["deprecated"]
    assert "max_gap" in parts["Sharing"]["properties"]["apart"]["description"]
