"""Denial by class follows the goods: cases worked out by hand, and what must hold of any instance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from planner.formulation.declarations import Chapter
from planner.formulation.marks import origin
from planner.formulation.mathematics import model
from planner.formulation.network import build_network
from planner.language.instance import Instance, Options
from planner.program.program import Program
from planner.results.solution import Solution
from planner.results.summary import signed
from planner.results.tables import all_tables
from planner.results.verify import verified
from planner.solving.extensive import solve
from planner.workflows.solve import formulate
from tests.generators.instances import by_future, instances
from tests.reference_model.objective import reference_objective

EXACT = Options(gap=0.0)
# China sells to the US only, at 10 USD/kg; defence goes short at 1,000. Money is MUSD, amounts t.
LOOP: dict[str, Any] = {
    "name": "loop",
    "units": {"quantity": "t", "money": "MUSD", "price": "USD/kg"},
    "time": {"start": 2030, "periods": [1], "discount_rate": 0, "base_year": 2030, "discounting": "mid_period",
             "capital_charge": "annuity"},
    "futures": {"base": {"probability": 1, "controls": ["*"]}},
    "regions": {"US": {}, "KR": {}, "JP": {}},
    "commodities": {"m": {"disposal": "free"}},
    "suppliers": {"s": {"commodity": "m", "origin": "CN", "regions": ["US"], "steps": [{"price": 10, "amount": 1000}]}},
    "lanes": {"x": {"commodities": ["m"], "from": ["*"], "to": ["*"], "freight": 0.1}},
    "demands": {
        "cars": {"region": "US", "class": "ev", "accepts": {"m": 1}, "amount": 100},
        "arms": {"region": "US", "class": "defence", "accepts": {"m": 1}, "amount": 10,
                 "shortage": [{"share": 1, "cost": 1000}]},
    },
    "controls": {"no_arms": {"exporter": "CN", "kind": "ban", "commodities": ["m"], "destinations": ["US", "KR"],
                             "classes": ["defence"]}},
}


def solved(raw: dict[str, Any]) -> float:
    """The least cost, checked and as the reference has it."""
    variants = {"base": Instance.model_validate(raw)}
    program = formulate(variants, EXACT)
    outcome = solve(program, EXACT)
    report = verified(variants, all_tables(Solution(program, outcome)), outcome.objective)
    assert report.passed, str(report)
    assert outcome.objective == pytest.approx(reference_objective(variants), rel=1e-6)
    return outcome.objective


def test_no_round_trip_launders_what_is_denied() -> None:
    """100 t of cars at 10 are 1; 10 t short at 1,000 are 10. By way of Korea it was 1.102."""
    assert solved(LOOP) == pytest.approx(11.0)
    assert solved(LOOP | {"controls": {}, "futures": {"base": {"probability": 1}}}) == pytest.approx(1.1)


def test_users_are_denied_who_are_reached_through_others_only() -> None:
    """Nothing goes from China to Japan, but what Japan's defence is sent from the US came from there."""
    arms = LOOP["demands"]["arms"] | {"region": "JP"}
    control = LOOP["controls"]["no_arms"] | {"destinations": ["JP"]}
    raw = LOOP | {"demands": LOOP["demands"] | {"arms": arms}, "controls": {"no_arms": control}}
    assert solved(raw) == pytest.approx(11.0)
    licence = raw | {"controls": {"no_arms": control | {"kind": "licence", "passes": 0.3}}}
    assert solved(licence) == pytest.approx(11.0)  # Three tenths of what they are given, and there is nothing else.
    other = {"t": {"commodity": "m", "regions": ["JP"], "steps": [{"price": 20, "amount": 1.4}]}}
    licence = licence | {"suppliers": LOOP["suppliers"] | other}
    assert solved(licence) == pytest.approx(1.0 + 1.4 * 0.02 + 0.6 * 0.0101 + 8.0)


def test_clean_goods_go_to_those_who_are_denied_others() -> None:
    """60 t made at 30, 100 t from China at 10; defence 50 t and cars 100 t: 50 * 30 + 100 * 10, denied or not.

    Of 80 t of defence 60 are served and 20 go short, whatever cars take.
    """
    made: dict[str, Any] = {
        "processes": {"make": {"outputs": {"m": 1}, "variable_cost": 30}},
        "facilities": {"maker": {"region": "US", "capacity": 60, "processes": ["make"]}},
        "suppliers": {"s": LOOP["suppliers"]["s"] | {"steps": [{"price": 10, "amount": 100}]}},
    }
    arms = LOOP["demands"]["arms"]

    def of(amount: float, **other: Any) -> dict[str, Any]:
        return LOOP | made | {"demands": LOOP["demands"] | {"arms": arms | {"amount": amount}}} | other

    assert solved(of(50)) == pytest.approx(2.5)
    assert solved(of(50, controls={}, futures={"base": {"probability": 1}})) == pytest.approx(2.5)
    assert solved(of(80)) == pytest.approx(1.0 + 60 * 0.03 + 20)


def test_stock_keeps_what_it_is_of() -> None:
    """Bought in the first year, drawn in the second: 10 t of the first stock are all that defence can have."""
    pile = {"commodity": "m", "region": "US", "owner": "commercial", "initial": 10, "holding_cost": 0}
    raw = LOOP | {"time": LOOP["time"] | {"periods": [1, 1]}, "stockpiles": {"store": pile}}
    assert solved(raw) == pytest.approx(2 * 1.0 + 10.0)  # One year of defence is served from it.


def test_a_user_denied_by_two_exporters_is_given_what_neither_touched() -> None:
    """6 t from each of CN and AU, both denied; each alone would leave the other's 6 t, together 10 t go short."""
    suppliers = {name: {"commodity": "m", "origin": name, "regions": ["US"], "steps": [{"price": 10, "amount": 6}]}
                 for name in ("CN", "AU")}
    demands = {"arms": LOOP["demands"]["arms"]}
    bans = {name: LOOP["controls"]["no_arms"] | {"exporter": name} for name in ("CN", "AU")}
    raw = LOOP | {"suppliers": suppliers, "demands": demands}
    assert solved(raw | {"controls": bans}) == pytest.approx(10.0)
    assert solved(raw | {"controls": {"CN": bans["CN"]}}) == pytest.approx(6 * 0.01 + 4.0)
    halves = {name: ban | {"kind": "licence", "passes": 0.5} for name, ban in bans.items()}
    assert solved(raw | {"controls": halves}) == pytest.approx(10 * 0.01)  # 5 t of each.
    lame = {name: ban | {"kind": "licence", "passes": 0.3} for name, ban in bans.items()}
    assert solved(raw | {"controls": lame}) == pytest.approx(10.0)  # A mix of two cannot be 70 % free of either.


def test_only_what_somebody_can_tell_apart_is_kept_apart() -> None:
    network = build_network({"base": Instance.model_validate(LOOP)})
    found = origin(network)
    assert found.levels["m", "US"] == (("CN",),)  # Nothing clean is ever there: one level, no columns.
    assert not [v for v in model.operation(network).variables if v.name == "at_level" and v.keys]
    plain = build_network({"base": Instance.model_validate(LOOP | {"controls": {}})})
    assert not origin(plain).reached


def lines(program: Program) -> tuple[list[str], list[str], str]:
    arrays = program.arrays
    numbers = (arrays.cost, arrays.lower, arrays.upper, arrays.row_lower, arrays.row_upper, arrays.matrix.toarray())
    return [*program.column_names()], [*program.row_names()], repr([n.tolist() for n in numbers])


def test_without_measures_on_classes_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is the same, to the last number, as without the chapter."""
    raw = LOOP | {"controls": {"dear": {"exporter": "CN", "kind": "price", "commodities": ["m"], "destinations": ["*"],
                                        "price": 1.5}}}
    variants = {"base": Instance.model_validate(raw)}
    with_chapter = lines(formulate(variants, EXACT))
    monkeypatch.setattr(model.origin, "chapter", lambda _: Chapter())
    assert lines(formulate(variants, EXACT)) == with_chapter


@settings(max_examples=25)
@given(raw=instances())
def test_denial_never_helps_and_costs_nothing_where_it_binds_nobody(raw: dict[str, Any]) -> None:
    controls = raw.get("controls", {})
    by_class = {name for name, c in controls.items() if "classes" in c or "exempt" in c}
    if not by_class:
        return
    harmless = {name: c | ({"kind": "licence", "passes": 1.0, "price": 1.0} if name in by_class else {})
                for name, c in controls.items()}
    costs = [solve(formulate(by_future(raw | {"controls": c}), EXACT), EXACT).objective for c in (controls, harmless)]
    base = Instance.model_validate(raw)
    if all(controls[name].get("price", 1.0) == 1.0 for name in by_class) and not base.stockpiles:
        assert costs[0] >= costs[1] - 1e-6 * (1 + abs(costs[1]))
    assert costs[1] == pytest.approx(_reference(raw | {"controls": harmless}), rel=1e-6, abs=1e-6)


def _reference(raw: dict[str, Any]) -> float:
    """The reference's objective as a cost."""
    variants = by_future(raw)
    return signed(next(iter(variants.values())), reference_objective(variants))


def test_a_process_ends_the_mark() -> None:
    """What is made at home of what was bought is not the exporter's any more: a process ends the mark."""
    made: dict[str, Any] = {
        "commodities": {"m": {"disposal": "free"}, "alloy": {"disposal": "free"}},
        "processes": {"press": {"inputs": {"alloy": 1}, "outputs": {"m": 1}, "variable_cost": 5}},
        "facilities": {"maker": {"region": "US", "capacity": 60, "processes": ["press"]}},
        "suppliers": LOOP["suppliers"] | {"a": {"commodity": "alloy", "origin": "CN", "regions": ["US"],
                                                "steps": [{"price": 10}]}},
    }
    assert solved(LOOP | made) == pytest.approx(1.0 + 10 * 0.015)


@pytest.mark.parametrize("idle", [{"probability": 0}, None], ids=["a future that never comes", "after the horizon"])
def test_measures_that_never_come_deny_nobody(idle: dict[str, Any] | None) -> None:
    """All are served at 10 USD/kg: 110 t are 1.1."""
    futures = {"base": {"probability": 1}, "worse": {**idle, "controls": ["*"]}} if idle else LOOP["futures"]
    controls = LOOP["controls"] if idle else {"no_arms": {**LOOP["controls"]["no_arms"], "start": 2040}}
    assert solved({**LOOP, "futures": futures, "controls": controls}) == pytest.approx(1.1)


def test_what_the_solver_leaves_of_nothing_has_no_origin() -> None:
    """Nothing is sent anywhere; a rest of 9e-8 t with an origin made the check refuse the whole plan."""
    dear = {"commodity": "m", "regions": ["JP"], "steps": [{"price": 5000, "amount": 9}]}
    variants = {"base": Instance.model_validate(LOOP | {"suppliers": LOOP["suppliers"] | {"dear": dear}})}
    program = formulate(variants, EXACT)
    outcome = solve(program, EXACT)
    (node,) = program.network.tree.nodes
    sent = [i for key, i in program.node_layout.positions["at_level"].items() if key[0] == "flow"]
    assert sent
    outcome.values[program.slice(node, "at_level")][sent] = 9e-8
    tables = all_tables(Solution(program, outcome))
    assert not tables["origin"]["measure"].eq("sent").any()
    assert verified(variants, tables, outcome.objective).passed
