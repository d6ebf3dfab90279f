"""Every kind of requirement on an instance small enough to be computed by hand: cost, slack and shadow price.

The instance is that of `tests.cases`: needs of 100 t a year, China at 10 USD/t, a plant at 20, shortage at 50.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from planner.common.errors import InputError
from planner.language.requirements import KINDS
from planner.reading.document import load
from planner.validation.validate import validate
from planner.workflows.solve import Solved, solve
from tests.cases import SHOCK, STORE, TWO_FUTURES, Raw, case_file

STORM = {**TWO_FUTURES, "demands.cars.shortage.0.cost": 18, "stockpiles.store.holding_cost": 5}


class Case(NamedTuple):
    """A rule, what else differs, cost with and without it, and what its row says."""

    rule: Raw
    changes: Raw
    without: float
    cost: float
    achieved: float
    shadow: float
    where: str = ""  # Node or scope of the row that is looked at.


LINE = {"line": {"facility": "plant", "size": {"most": 100}, "capital": {"variable": 10}, "lead_time": 0, "life": 1,
                 "repeatable": True}}
# The embargo comes with even chance, and going short costs but 11: without a rule nothing is held at 10 + 1, as it
# would save 10 or 11.
LIKELY = {**SHOCK, "demands.cars.shortage.0.cost": 11, "shocks": {
    "embargo": {"length": 1, "hazard": 0.5, "earliest": 2027, "controls": ["ban"]}}}

CASES = {
    # Going short costs 5, buying 10: nobody is served but those who must be.
    "served": Case({"kind": "served", "target": 0.9}, {"demands.cars.shortage.0.cost": 5}, 500, 950, 0.9, 5),
    # Sixty of the hundred that are used may come from China.
    "dependence": Case({"kind": "dependence", "exporter": "CN", "commodities": ["magnet"], "share": 0.6}, {}, 1000,
                       1400, 0.6, 10),
    "dependence by stage": Case({"kind": "dependence", "exporter": "CN", "stages": ["mag*"], "share": 0.6, "by": []},
                                {}, 1000, 1400, 0.6, 10),
    # Sixty from China, forty at home; one tonne more from China saves 10.
    "concentration": Case(
        {"kind": "concentration", "stages": ["magnet"], "largest": 1, "share": 0.6}, {}, 1000, 1400, 0.6, 10),
    # Sixty from China, twenty from Vietnam at 12 and at home: any two make eighty at most. A tonne less at home and
    # in Vietnam each, two more from China, saves 12.
    "concentration of two": Case(
        {"kind": "concentration", "stages": ["magnet"], "largest": 2, "share": 0.8},
        {"suppliers.vietnam": {"commodity": "magnet", "origin": "VN", "regions": ["US"], "steps": [{"price": 12}]}},
        1000, 1240, 0.8, 12),
    # China is the only country outside.
    "concentration outside": Case(
        {"kind": "concentration", "stages": ["magnet"], "regions": ["US"], "largest": 1, "share": 0.3,
         "among": "outside"}, {}, 1000, 1700, 0.3, 10),
    # Two tangents, at 1/4 and 3/4: for a share a above a half they add up to a - 1/8, which is 1/2 at a = 5/8; there
    # the index is 0.53125. A tonne more on the right side is a hundredth of the share.
    "hhi": Case(
        {"kind": "concentration", "stages": ["magnet"], "hhi": 0.5, "tangents": 2}, {}, 1000, 1375, 0.53125, 10),
    "sources": Case({"kind": "supplier_count", "stages": ["magnet"], "count": 2, "least": 30}, {}, 1000, 1300, 2, 10),
    # 73 days are a fifth of the year: twenty tonnes bought and held.
    "cover": Case({"kind": "cover", "days": 73}, {"stockpiles": {"store": STORE}}, 1000, 1220, 73, 11, "US"),
    # Half a year's need is bought early and held for a year, in which China may stop; if not it is used after all.
    "survive": Case({"kind": "survive", "shock": "embargo", "years": 1, "target": 0.5}, SHOCK, 2000, 2050, 0.5, 1,
                    "embargo@2027:2027"),
    "recover": Case({"kind": "recover", "shock": "embargo", "years": 0, "target": 0.2}, SHOCK, 2000, 2020, 0.2, 1,
                    "embargo@2027:2027"),
    "survive at a chance": Case({"kind": "survive", "shock": "embargo", "years": 1, "target": 0.5}, LIKELY, 2050, 2075,
                                0.5, 1, "embargo@2027:2027"),
    "recover at a chance": Case({"kind": "recover", "shock": "embargo", "years": 0, "target": 0.5}, LIKELY, 2050, 2075,
                                0.5, 1, "embargo@2027:2027"),
    # A loss of 2,000 is forty tonnes short, so that sixty are held; a dollar of loss is a fiftieth of a tonne.
    "leverage": Case({"kind": "leverage", "shock": "embargo", "most": 2000}, SHOCK, 2000, 2060, 2000, 0.02,
                     "embargo@2027:2027"),
    # By year it is read in the middle of the window's first period, 2027.5, where the value of 2027 stands.
    "leverage by year": Case({"kind": "leverage", "shock": "embargo", "most": {2026: 1000, 2027: 2000}}, SHOCK, 2000,
                             2060, 2000, 0.02, "embargo@2027:2027"),
    # Going short costs 5, buying 10: everybody goes short but those who must be served.
    "expected_unserved": Case({"kind": "expected_unserved", "share": 0.1}, {"demands.cars.shortage.0.cost": 5},
                              500, 950, 0.1, 5),
    "tail of unserved": Case({"kind": "tail", "tail": 0.5, "share": 0.1}, {"demands.cars.shortage.0.cost": 5},
                             500, 950, 0.1, 5),
    # A tonne held costs 5 in the calm and saves 18 - 10 - 5 = 3 in the storm, which costs 2,800 without any.
    "tail of cost": Case({"kind": "tail", "of": "cost", "tail": 0.5, "most": 2650}, STORM, 2400, 2450, 2650, 1 / 3),
    # The storm alone would cost 2,500: 300 less than without stock. Calm regrets 5 per tonne, storm 3 less.
    "regret": Case({"kind": "regret", "most": 200}, STORM, 2400, 2400 + 100 / 3, 200, 1 / 3, "scenario=storm"),
    # Both futures must be served, not only the calm: eighty tonnes are held. Were the storm certain, a tonne saves 2.
    "chance": Case({"kind": "chance", "target": 0.8, "probability": 0.75}, STORM, 2400, 2480, 0.8, 2, "storm:2027"),
    # Japan goes short at 8 rather than buy at 10, until its share may be only 0.4 above the American one.
    "sharing": Case(
        {"kind": "sharing", "max_gap": 0.4},
        {"regions": {"CN": {}, "US": {}, "JP": {}}, "suppliers.china.regions": ["US", "JP"], "demands.robots": {
            "region": "JP", "class": "ev", "accepts": {"magnet": 1}, "amount": 100,
            "shortage": [{"share": 1, "cost": 8}]}}, 1800, 1920, 0.4, 2, "region=JP"),
    # Thirty made at 20 and 10 of capital, seventy bought at 45: a dollar more makes a tenth of a tonne, saving 1.5.
    "budget": Case(
        {"kind": "budget", "of": "capital", "per": "total", "most": 300},
        {"facilities.plant.capacity": 0, "suppliers.china.steps.0.price": 45, "projects": LINE}, 3000, 4050, 300, 1.5),
    # The same, year by year: twenty made in the second.
    "budget of a year": Case(
        {"kind": "budget", "of": "capital", "per": "year", "most": {2026: 300, 2027: 200}},
        {"time.periods": [1, 1], "facilities.plant.capacity": 0, "suppliers.china.steps.0.price": 45,
         "projects": LINE}, 6000, 8250, 200, 1.5, "base:2027"),
}


def test_every_kind_is_computed_by_hand() -> None:
    """Losses of facilities and countries in `tests.contingency.test_outage`."""
    assert {case.rule["kind"] for case in CASES.values()} == set(KINDS) - {"outage"}


def solved(tmp_path: Path, changes: Raw, rule: Raw | None, name: str = "run") -> Solved:
    """The run of the case; the tables of every run are checked independently."""
    requirements = {"rule": rule} if rule is not None else {}
    return solve(case_file(tmp_path, changes, requirements), out=tmp_path / name, options={"gap": 0.0})


def row_of(run: Solved, case: Case) -> Raw:
    rows = run.tables["requirements"]
    chosen = rows[rows["node"].eq(case.where) | rows["scope"].str.contains(case.where, regex=False)]
    return dict(chosen.iloc[0])


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_effect_is_as_computed_by_hand(case: Case, tmp_path: Path) -> None:
    assert solved(tmp_path, case.changes, None).outcome.objective == pytest.approx(case.without)
    found = solved(tmp_path, case.changes, case.rule)
    assert found.outcome.objective == pytest.approx(case.cost)
    row = row_of(found, case)
    assert row["achieved"] == pytest.approx(case.achieved)
    assert row["slack"] == pytest.approx(0, abs=1e-6)
    assert row["violation"] == 0
    assert row["shadow_price"] == pytest.approx(case.shadow)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_low_price_lets_it_be_missed_and_a_loose_rule_has_slack(case: Case, tmp_path: Path) -> None:
    if case.changes is not SHOCK or case.rule["kind"] == "leverage":  # What is only tested costs nothing.
        missed = solved(tmp_path, case.changes, case.rule | {"elastic": {"penalty": case.shadow / 2}})
        row = row_of(missed, case)
        assert row["violation"] > 0
        assert row["shadow_price"] == pytest.approx(case.shadow / 2)
        assert missed.outcome.objective < case.cost
    loose = {"share": 1.0, "hhi": 1.0, "least": 0.0, "days": 0, "target": 0.0, "most": 1e6, "max_gap": 1.0}
    rule = case.rule | {key: value for key, value in loose.items() if key in case.rule}
    found = solved(tmp_path, case.changes, rule)
    assert found.outcome.objective == pytest.approx(case.without, abs=1e-5)
    row = row_of(found, case)
    assert row["shadow_price"] == pytest.approx(0, abs=1e-9)
    assert row["violation"] == 0


EASED = {"share": 0.01, "hhi": 0.01, "target": -0.01, "most": 1.0, "days": -0.365, "least": -1.0, "max_gap": 0.01}


def eased(figure: Any, by: float) -> Any:
    """A figure, or the last of a table of years, made larger."""
    if not isinstance(figure, dict):
        return figure + by
    last = max(figure)
    return figure | {last: figure[last] + by}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_shadow_price_is_the_finite_difference(case: Case, tmp_path: Path) -> None:
    """Easing a rule by one unit, a tonne or a dollar, changes the objective by the shadow price."""
    (field,) = [key for key in EASED if key in case.rule and key != "years"]
    found = solved(tmp_path, case.changes, case.rule | {field: eased(case.rule[field], EASED[field])})
    quantity = 0.1 if case.rule["kind"] == "cover" else 1.0  # 0.365 days of a hundred tonnes a year.
    quantity *= 0.5 if case.rule["kind"] == "chance" or case.changes is LIKELY else 1.0  # Neither is certain.
    assert case.cost - found.outcome.objective == pytest.approx(case.shadow * quantity, rel=1e-5)


def test_public_money_is_committed_with_the_decision(tmp_path: Path) -> None:
    """Of two lines that save 30 less 10 a tonne, money for one; a yes or no has no shadow price, only slack."""
    line = {"facility": "plant", "size": {"fixed": 50}, "capital": {"variable": 10}, "lead_time": 0, "life": 1,
            "repeatable": False, "public_money": 200}
    changes = {"facilities.plant.capacity": 0, "suppliers.china.steps.0.amount": 0,
               "projects": {"one": line, "other": line}}
    rule = {"kind": "budget", "of": "public_money", "per": "total", "most": 300}
    assert solved(tmp_path, changes, None).outcome.objective == pytest.approx(100 * 30)
    found = solved(tmp_path, changes, rule)
    assert found.outcome.objective == pytest.approx(50 * 30 + 50 * 50)
    (row,) = found.tables["requirements"].to_dict("records")
    assert (row["achieved"], row["slack"], row["violation"], row["shadow_price"]) == (200, 100, 0, 0)
    priced = solved(tmp_path, changes, rule | {"elastic": {"penalty": 2}}, "priced")
    assert priced.outcome.objective == pytest.approx(100 * 30 + 100 * 2)
    assert priced.tables["requirements"]["violation"].tolist() == pytest.approx([100])


WRONG: dict[str, tuple[Raw, str]] = {
    "region": ({"kind": "served", "target": 0.9, "regions": ["USA"]}, "did you mean US?"),
    "class": ({"kind": "served", "target": 0.9, "classes": ["wind*"]}, "no class of users matches wind*"),
    "stage": ({"kind": "supplier_count", "count": 1, "least": 1, "stages": ["met*"]}, "no stage matches met*"),
    "nobody there": ({"kind": "served", "target": 0.9, "regions": ["CN"]}, "there are users ev in US"),
    "later than all": ({"kind": "served", "target": 0.9, "start": 2050}, "they begin from 2026 to 2026"),
    "end before start": ({"kind": "served", "target": 0.9, "start": 2027, "end": 2026}, "it must lie after start"),
    "above one": ({"kind": "served", "target": 90}, "did you mean 0.9?"),
    "misspelt": ({"kind": "served", "tarket": 0.9}, "did you mean target?"),
    "no penalty": ({"kind": "served", "target": 0.9, "elastic": {}}, "elastic needs penalty"),
    "penalty alone": ({"kind": "served", "target": 0.9, "elastic": 5}, "write {penalty: 5}"),
    "elastic: true": ({"kind": "served", "target": 0.9, "elastic": True}, "write {penalty: ...}"),
    "loss at a price": (
        {"kind": "outage", "loss": "facility", "target": 1, "elastic": {"penalty": 1}}, "no probability"),
    "too many": (
        {"kind": "supplier_count", "stages": ["magnet"], "count": 5, "least": 1}, "there can be only 2: US, CN"),
}


@pytest.mark.parametrize(("rule", "words"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_rule_is_refused_with_what_was_meant(rule: Raw, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        validate(load(case_file(tmp_path, {}, {"rule": rule})))
    (problem,) = refused.value.problems
    assert words in str(problem)
    assert "case.yaml:" in str(problem)
