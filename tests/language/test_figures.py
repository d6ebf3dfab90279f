"""Figures: their ranges through tables, layers and overrides, and what every period reads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from planner.__main__ import main as command
from planner.common.errors import InputError, Problem
from planner.language.figure import Figure, walk_figures
from planner.language.instance import Units
from planner.language.requirements import Requirement
from planner.language.units import unit
from planner.reading.document import Document, load
from planner.reading.moments import readings_by_period
from planner.validation import validate as validate_module
from planner.validation.validate import validate
from planner.workflows.sweep.reading import read_study
from planner.workflows.sweep.sampling import jobs_of
from tests.benchmarks.futures import farmer
from tests.paths import INSTANCES

SHIPPED = INSTANCES / "rare-earths.yaml"
MAGNET = "{region: US, class: x, accepts: {magnet: 1}"
BASE = """
name: mini
units: {quantity: t, money: MUSD, price: USD/kg}
time: {start: 2026, periods: [1, 1], discount_rate: 0, base_year: 2026,
       discounting: mid_period, capital_charge: annuity}
regions: {US: {}}
commodities: {magnet: {disposal: free}}
suppliers: {cn: {commodity: magnet, regions: [US], steps: [{price: 50}]}}
"""


def written(tmp_path: Path, demands: str, name: str = "mini.yaml") -> Path:
    path = tmp_path / name
    path.write_text(BASE + demands)
    return path


def table(common: str, *rows: str, columns: str = "name, amount") -> str:
    lines = [f"demands:\n  table:\n    columns: [{columns}]",
             f"    common: {{region: US, class: x, accepts: {{magnet: 1}}, {common}}}", "    rows:"]
    return "\n".join([*lines, *(f"      - [{row}]" for row in rows)]) + "\n"


def amount(document: Document, name: str = "a") -> Figure:
    return document.instance.demands[name].amount


def test_a_range_in_common_holds_for_plain_cells(tmp_path: Path) -> None:
    text = table("amount.low: 50, amount.high: 200, amount.note: judged", "a, 100", "b, {value: 80, high: 90}")
    found = load(written(tmp_path, text))
    assert (amount(found).value, amount(found).ends, amount(found).note) == (100, (50, 200), "judged")
    assert (amount(found, "b").value, amount(found, "b").ends) == (80, (50, 90))
    text = table("amount.low: 0.5, amount.high: 2", "a, {2026: 50, 2027: 60}")
    found = load(written(tmp_path, text))
    assert (amount(found).by_year, amount(found).ends) == ({2026: 50, 2027: 60}, (25, 100))
    text = table("amount.low: 0.5, amount.high: 2, amount.range: factor", "a, 100", "b, {2026: 50}")
    found = load(written(tmp_path, text))
    assert (amount(found).ends, amount(found, "b").ends) == ((50, 200), (25, 100))


def test_a_range_before_its_number_in_the_columns_holds(tmp_path: Path) -> None:
    columns = "name, amount.low, amount.high, amount"
    text = table("amount.note: judged", "a, 0.5, 2, {2026: 50, 2027: 60}", columns=columns)
    assert amount(load(written(tmp_path, text))).ends == (25, 100)


def test_a_number_outside_the_range_in_common_is_refused(tmp_path: Path) -> None:
    text = table("amount.low: 0.5, amount.high: 2", "a, 100")
    with pytest.raises(InputError, match=r"mini\.yaml:14:\d+ .*100 lies outside its range 0\.5 to 2; .* range: factor"):
        load(written(tmp_path, text))


def over(tmp_path: Path, before: str, after: str) -> Document:
    """A file that extends another and gives a figure anew; the same by --set must say the same."""
    base = written(tmp_path, f"demands: {{a: {MAGNET}, amount: {before}}}}}\n", "base.yaml")
    top = tmp_path / "top.yaml"
    top.write_text(f"extends: base.yaml\ndemands: {{a: {{amount: {after}}}}}\n")
    extended, changed = load(top), load(base).changed([f"demands.a.amount={after}"])
    assert amount(extended) == amount(changed) == amount(load(base, sets=[f"demands.a.amount={after}"]))
    assert [note.code for note in extended.notes] == [note.code for note in changed.notes]
    return extended


@pytest.mark.parametrize(
    ("before", "after", "ends", "is_lost"),
    [
        ("{value: 100, low: 50, high: 200, note: n}", "120", (50, 200), False),
        ("{value: 100, low: 50, high: 200, note: n}", "300", None, True),
        ("{value: 100, low: 50, high: 200, note: n}", "{2026: 60, 2027: 70}", None, True),
        ("{by_year: {2026: 100}, low: 0.5, high: 2, note: n}", "300", (150, 600), False),
        ("{by_year: {2026: 100}, low: 0.5, high: 2, note: n}", "{2027: 60}", (30, 120), False),
        ("{by_period: [1, 2], low: 0.5, high: 2, note: n}", "10", (5, 20), False),
        ("{value: 100, range: factor, low: 0.5, high: 2, note: n}", "300", (150, 600), False),
    ],
)
def test_a_range_is_kept_or_dropped_with_a_note(
    before: str, after: str, ends: tuple[float, float] | None, is_lost: bool, tmp_path: Path
) -> None:
    found = over(tmp_path, before, after)
    assert (amount(found).ends, amount(found).note) == (ends, "n")
    said = [str(note) for note in validate(found)]
    assert ["the range of demands.a.amount does not hold" in text for text in said] == ([True] if is_lost else [])


@pytest.mark.parametrize(("operation", "value", "ends"), [("*=2", 200, (100, 400)), ("+=10", 110, (60, 210))])
def test_a_range_goes_with_its_number(operation: str, value: float, ends: tuple[float, float], tmp_path: Path) -> None:
    path = written(tmp_path, f"demands: {{a: {MAGNET}, amount: {{value: 100, low: 50, high: 200}}}}}}\n")
    found = amount(load(path, sets=[f"demands.a.amount{operation}"]))
    assert (found.value, found.ends) == (value, ends)


def test_a_future_leaves_the_range_of_the_trunk(tmp_path: Path) -> None:
    text = f"""demands: {{a: {MAGNET}, amount: {{value: 100, low: 50, high: 200}}}}}}
futures:
  calm: {{probability: 0.5}}
  storm: {{probability: 0.5, from: calm, branches: 2027, overrides: {{demands.a.amount: 900}}}}
"""
    found = load(written(tmp_path, text))
    assert amount(found).ends == (50, 200)
    assert found.variant("storm").demands["a"].amount.value == 900


def test_every_stated_range_of_the_shipped_instance_is_there(tmp_path: Path) -> None:
    """Counted by hand in its files: 98 figures have their range in `common`, all 23 demands among them."""
    instance = load(SHIPPED).instance
    ranged = [found.path for found in walk_figures(instance) if found.figure.ends is not None]
    assert len(ranged) == 895
    assert sum(path[0] == "demands" and path[2:] == ("amount",) for path in ranged) == 23
    assert sum(path[0] == "returns" for path in ranged) == 51
    shutil.copytree(SHIPPED.parent, tmp_path / "instances")
    study = tmp_path / "instances" / "study.yaml"
    study.write_text("study: demand\ninstance: rare-earths.yaml\n"
                     "vary:\n  d: {path: demands.*.amount, range: stated}\ndesign: one_way\n")
    jobs = jobs_of(read_study(study))
    assert len(jobs) == 1 + 2 * 23
    assert jobs[1].sets == ("demands.US.defence.amount *= 0.5",)


# Time.

LONG = {"start": 690, "periods": [10, 10, 10], "base_year": 690}


def long(tmp_path: Path, figure: str) -> Document:
    path = written(tmp_path, f"demands: {{a: {MAGNET}, amount: {figure}}}}}\n")
    return load(path, sets=[f"time.{key}={value}" for key, value in LONG.items()])


def test_years_stand_at_their_middle_and_periods_hold_throughout(tmp_path: Path) -> None:
    years = long(tmp_path, "{695: 55, 705: 82, 715: 104}")
    # The middle of 700-710 is 705.0, half a year before the middle of 705: 82 - (82 - 55) / 20.
    (read,) = readings_by_period(years)
    assert read.values == pytest.approx((55, 80.65, 102.9))
    (note,) = validate(years)
    assert (note.code, "700-709 reads 80.65" in note.message) == ("between-years", True)
    periods = long(tmp_path, "{by_period: [55, 82, 104]}")
    assert readings_by_period(periods)[0].values == (55, 82, 104)
    assert [amount(periods).at(year) for year in (0, 699.99, 700, 709.9, 710, 800)] == [55, 55, 82, 82, 104, 104]
    assert validate(periods) == []


def test_no_note_where_years_are_read_or_do_not_differ(tmp_path: Path) -> None:
    for figure in ("{704: 1, 705: 1}", "{by_year: {695: 1, 705: 2}, interpolate: step}", "{705: 3}"):
        assert validate(long(tmp_path, figure)) == []


def test_a_series_by_period_can_be_changed_and_must_fit_the_periods(tmp_path: Path) -> None:
    path = written(tmp_path, f"demands: {{a: {MAGNET}, amount: {{by_period: [1, 2]}}}}}}\n")
    document = load(path, sets=["demands.a.amount*=3", "demands.a.amount.by_period.1=5"])
    assert amount(document).by_period == [3, 5]
    with pytest.raises(InputError, match="by_period has 2 values for 3 periods"):
        load(path).changed(["time.periods=[1, 1, 1]"])
    moved = load(path).changed(["time.start=2028"])
    assert [amount(moved).at(year) for year in (2028.5, 2029.5)] == [1, 2]
    assert [amount(load(path)).at(year) for year in (2026.5, 2027.5)] == [1, 2]


def test_the_command_shows_what_every_period_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"""demands: {{a: {MAGNET}, amount: {{2026: 10, 2027: 30}}}}}}
futures:
  calm: {{probability: 0.5}}
  storm: {{probability: 0.5, from: calm, branches: 2027, overrides: {{demands.a.amount *=: 2}}}}
"""
    path = written(tmp_path, text)
    assert command(["show", str(path), "--periods", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["figure"], row["future"], row["values"]) for row in told] == [
        ("demands.a.amount", "", {"2026": 10, "2027": 30}), ("demands.a.amount", "storm", {"2026": 20, "2027": 60})]
    assert command(["show", str(path), "--periods", "suppliers.*.price"]) == 0
    assert "suppliers.cn.steps.0.price [USD/kg]\n  2026 50; 2027 50" in capsys.readouterr().out
    assert command(["show", str(path), "--periods", "demand.a.amount"]) == 2
    assert "did you mean demands.a.amount?" in capsys.readouterr().err


ONCE = {
    "project_groups.g.most_size": "project_groups: {g: {projects: [p], most_size: SERIES}}",
    "project_groups.g.least_size": "project_groups: {g: {projects: [p], least_size: SERIES}}",
    "project_groups.g.most_capital": "project_groups: {g: {projects: [p], most_capital: SERIES}}",
    "suppliers.cn.steps.0.reserve": "suppliers: {cn: {steps: [{price: 50, reserve: SERIES}]}}",
    "stockpiles.s.initial": "stockpiles: {s: {commodity: magnet, region: US, owner: commercial, initial: SERIES, "
                            "holding_cost: 0}}",
    "requirements.r.share": "requirements: {r: {kind: expected_unserved, share: SERIES}}",
    "requirements.r.share of a tail": "requirements: {r: {kind: tail, share: SERIES}}",
    "requirements.r.most": "requirements: {r: {kind: tail, of: cost, most: SERIES}}",
    "requirements.r.most of regret": "requirements: {r: {kind: regret, most: SERIES}}",
    "requirements.r.most of a budget": "requirements: {r: {kind: budget, of: capital, per: total, most: SERIES}}",
    "requirements.r.elastic.penalty": "requirements: {r: {kind: regret, most: 1, elastic: {penalty: SERIES}}}",
}


@pytest.mark.parametrize("path", ONCE)
@pytest.mark.parametrize("series", ["{2026: 0.1, 2027: 0.3}", "{by_period: [0.1, 0.3]}"])
def test_years_are_refused_where_one_number_holds_for_all(path: str, series: str, tmp_path: Path) -> None:
    base = written(tmp_path, "", "base.yaml")
    top = tmp_path / "top.yaml"
    top.write_text(f"extends: {base.name}\n" + ONCE[path].replace("SERIES", series) + "\n")
    with pytest.raises(InputError) as caught:
        load(top)
    problem = next(p for p in caught.value.problems if "one number for the whole horizon" in p.message)
    assert path.split(" ", maxsplit=1)[0] in problem.message
    assert problem.place is not None
    assert problem.place.line == 2


def test_a_budget_of_each_year_may_differ(tmp_path: Path) -> None:
    rule = "requirements: {r: {kind: budget, of: capital, per: year, most: {2026: 1, 2027: 2}}}\n"
    assert load(written(tmp_path, rule)).instance.requirements["r"].kind == "budget"


# Many futures.


def test_a_future_costs_what_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures made and names looked up, counted: both grow by the same with every future, or not at all."""
    figures, looked = [0], [0]
    plain, names = Figure._require_range, validate_module.reference_problems

    def counted(figure: Figure) -> None:
        figures[0] += 1
        plain(figure)

    def looking(*arguments: Any) -> Iterator[Problem]:
        looked[0] += 1
        return names(*arguments)

    monkeypatch.setattr(Figure, "_require_range", counted)
    monkeypatch.setattr(validate_module, "reference_problems", looking)
    counts = []
    for count in (10, 20, 30):
        figures[0] = looked[0] = 0
        path = tmp_path / f"farmer-{count}.yaml"
        path.write_text(farmer(count))
        document = load(path)
        validate(document)
        assert looked[0] == 1
        assert all(i.futures is document.instance.futures for i in document.instances().values())
        counts.append(figures[0])
    assert counts[2] - counts[1] == counts[1] - counts[0] == 10 * 3  # The variable costs of three processes.


ON_MONEY = {
    "budget": {"kind": "budget", "of": "capital", "per": "year", "most": 50},
    "tail of cost": {"kind": "tail", "of": "cost", "most": 5000},
    "regret": {"kind": "regret", "most": 100},
    "leverage": {"kind": "leverage", "shock": "storm", "most": 100},
}


@pytest.mark.parametrize(("rule", "label"), [
    *((rule, "MUSD/MUSD") for rule in ON_MONEY.values()),
    ({"kind": "tail", "share": 0.1}, "USD/kg"), ({"kind": "served", "target": 1}, "USD/kg"),
])  # fmt: skip
def test_the_price_of_a_rule_on_money_is_money_per_money(rule: dict[str, Any], label: str) -> None:
    """The same number in any units: no price per kilogram."""
    elastic = {"penalty": {"value": 3, "unit": label, "source": "x"}, "note": "why"}
    made = TypeAdapter[Any](Requirement).validate_python(rule | {"elastic": elastic})
    (price,) = (field for field in walk_figures(made) if field.path == ("elastic", "penalty"))
    units = Units(quantity="t", money="MUSD", price="USD/kg")
    assert unit(units, price.unit) == price.figure.unit == label
    assert (price.figure.source, made.elastic.note) == ("x", "why")
    assert TypeAdapter[Any](Requirement).validate_python(made.model_dump(exclude_unset=True)) == made
