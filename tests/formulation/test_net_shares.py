"""Shares are of what is both supplied anew and used: no circle, no process and no heap of waste meets a rule."""

from __future__ import annotations

from typing import Any

import pytest

from planner.language.instance import Instance, Options
from planner.results.solution import Solution
from planner.results.tables import all_tables
from planner.results.verify import verified
from planner.solving.extensive import solve
from planner.workflows.solve import formulate
from tests.reference_model.objective import reference_objective

EXACT = Options(gap=0.0)
# The US needs 100 t; China sells at 10 USD/kg, Australia at 30: all from China is 1 MUSD, 60 t and 40 t are 1.8.
TRADE: dict[str, Any] = {
    "name": "trade",
    "units": {"quantity": "t", "money": "MUSD", "price": "USD/kg"},
    "time": {"start": 2030, "periods": [1], "discount_rate": 0, "base_year": 2030, "discounting": "mid_period",
             "capital_charge": "annuity"},
    "regions": {"US": {}, "MX": {}, "CA": {}, "CN": {}},
    "commodities": {"m": {"disposal": "free", "stage": "magnet"}, "j": {"disposal": "free", "stage": "magnet"}},
    "suppliers": {
        "s": {"commodity": "m", "origin": "CN", "regions": ["US"], "steps": [{"price": 10}]},
        "t": {"commodity": "m", "origin": "AU", "regions": ["US"], "steps": [{"price": 30}]},
    },
    "demands": {"d": {"region": "US", "class": "c", "accepts": {"m": 1}, "amount": 100}},
}
LANES = {
    "round trip": {"x": {"commodities": ["m"], "from": ["US", "MX"], "to": ["US", "MX"], "freight": 0.1}},
    "triangle": {name: {"commodities": ["m"], "from": [start], "to": [end], "freight": 0.1}
                 for name, start, end in (("a", "US", "MX"), ("b", "MX", "CA"), ("c", "CA", "US"))},
}
SCOPE: dict[str, Any] = {"regions": ["US"], "commodities": ["m"]}
RULES: dict[str, dict[str, Any]] = {
    "largest": {"kind": "concentration", "largest": 1, "share": 0.6, **SCOPE},
    "squares": {"kind": "concentration", "hhi": 0.52, "tangents": 5, **SCOPE},
    "sources": {"kind": "supplier_count", "count": 2, "least": 40, **SCOPE},
    "dependence": {"kind": "dependence", "exporter": "CN", "share": 0.6, **SCOPE},
}
# Turning goods to and fro costs next to nothing.
TURN: dict[str, Any] = {
    "processes": {"there": {"inputs": {"m": 1}, "outputs": {"j": 1}, "variable_cost": 0.01},
                  "back": {"inputs": {"j": 1}, "outputs": {"m": 1}, "variable_cost": 0.01}},
    "facilities": {"mill": {"region": "US", "capacity": 1e4, "processes": ["there", "back"]}},
}
# Australia gives away what nobody needs.
JUNK: dict[str, Any] = {
    "commodities": {**TRADE["commodities"], "waste": {"disposal": "free", "stage": "magnet"}},
    "suppliers": {**TRADE["suppliers"],
                  "w": {"commodity": "waste", "origin": "AU", "regions": ["US"], "steps": [{"price": 0.01}]}},
}
ATTACKS: dict[str, dict[str, Any]] = {
    "none": {}, "round trip": {"lanes": LANES["round trip"]}, "triangle": {"lanes": LANES["triangle"]},
    "process loop": TURN, "dumping": JUNK,
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


def least(rule: str) -> float:
    """The cost by hand: 40 t from Australia; of the index, the share at which five tangents allow 0.52."""
    if rule != "squares":
        return 1.8
    # A squared share is taken for the largest of its tangents, 2 s a - s^2.
    shares = [a / 1000 for a in range(500, 1001)]
    tangents = (0.1, 0.3, 0.5, 0.7, 0.9)
    index = {a: sum(max(0.0, *(2 * s * b - s * s for s in tangents)) for b in (a, 1 - a)) for a in shares}
    china = max(a for a in shares if index[a] <= 0.52 + 1e-12)
    return china * 1.0 + (1 - china) * 3.0


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("rule", RULES)
def test_no_attack_makes_a_rule_cheaper(rule: str, attack: str) -> None:
    requirement = RULES[rule]
    if attack == "dumping":
        requirement = {**requirement, "commodities": ["m", "waste"]}
    raw = TRADE | ATTACKS[attack] | {"requirements": {"rule": requirement}}
    assert solved(raw) == pytest.approx(least(rule), abs=0.003)


def test_what_is_made_at_home_does_not_come_from_abroad_by_a_round_trip() -> None:
    """All made in the US at 10: that Mexico sends it back makes it no less American."""
    made = {"processes": {"make": {"outputs": {"m": 1}, "variable_cost": 10}},
            "facilities": {"maker": {"region": "US", "capacity": 1e4, "processes": ["make"]}}}
    suppliers = {"t": TRADE["suppliers"]["t"]}
    raw = TRADE | made | {"suppliers": suppliers, "lanes": LANES["round trip"], "requirements": {"r": RULES["largest"]}}
    assert solved(raw) == pytest.approx(1.8)


def test_a_chain_of_two_steps_is_dependent_on_who_sells_to_its_first() -> None:
    """Oxide from China made into metal at home: 100 t of 100 t used, not of 200, so that 35 t come from elsewhere."""
    chain: dict[str, Any] = {
        "commodities": {"m": {"disposal": "free", "stage": "magnet"}, "o": {"disposal": "free"}},
        "suppliers": {name: {"commodity": "o", "origin": name, "regions": ["US"], "steps": [{"price": price}]}
                      for name, price in (("CN", 10), ("AU", 30))},
        "processes": {"reduce": {"inputs": {"o": 1}, "outputs": {"m": 1}, "variable_cost": 0}},
        "facilities": {"mill": {"region": "US", "capacity": 1e4, "processes": ["reduce"]}},
    }
    rule = {**RULES["dependence"], "commodities": ["o", "m"], "by": ["region"], "share": 0.65}
    assert solved(TRADE | chain | {"requirements": {"r": rule}}) == pytest.approx(0.65 + 35 * 0.03)


def test_a_country_that_makes_what_it_is_said_to_send_counts() -> None:
    """Mexico makes 40 t of its own at 20, though goods of the US could get there."""
    made = {"processes": {"make": {"outputs": {"m": 1}, "variable_cost": 20}},
            "facilities": {"maker": {"region": "MX", "capacity": 40, "processes": ["make"]}}}
    for rule in ("largest", "sources"):
        raw = TRADE | made | {"lanes": LANES["round trip"], "requirements": {"r": RULES[rule]}}
        assert solved(raw) == pytest.approx(0.6 + 40 * 0.0201)
