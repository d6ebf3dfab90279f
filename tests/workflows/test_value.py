"""What information and flexibility are worth: published values, and what must hold on every instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from planner.common.errors import NoAnswerError
from planner.formulation.network import build_network
from planner.language.counterfactuals import expecting
from planner.language.instance import Options
from planner.program.program import assemble
from planner.solving.extensive import solve
from planner.solving.time_budget import Allotment
from planner.workflows.solve import SILENT
from planner.workflows.value_of_information import QuestionSolver, asked, value
from tests.generators.instances import by_future, instances
from tests.paths import PUBLISHED
from tests.test_published import agrees

EXACT = Options(gap=0.0)

# As printed: Birge and Louveaux for the farmer; the address of each table is in the instance's header.
PRINTED = {
    "farmer": {
        "common plan": "-108390", "perfect information": "-115405.56", "mean future": "-118600",
        "plan for the mean future": "-107240",
    },
    "lands": {
        "common plan": "381.8533", "perfect information": "380.1667", "mean future": "378.6667",
        "plan for the mean future": "383.9867",
    },
}
WORTH = {
    "farmer": {"value of perfect information": "7015.56", "value of the stochastic solution": "1150"},
    "lands": {"value of perfect information": "1.6867", "value of the stochastic solution": "2.1333"},
}


@pytest.mark.parametrize("name", PRINTED)
def test_published_values(name: str, tmp_path: Path) -> None:
    found = value(PUBLISHED / f"{name}.yaml", out=tmp_path / "value", options={"gap": 0.0}, delays=())
    costs = found.costs.set_index("question")["objective"]
    worth = found.values.set_index("value")["amount"]
    for question, printed in PRINTED[name].items():
        assert agrees(costs[question], printed), (question, costs[question])
    for what, printed in WORTH[name].items():
        assert agrees(worth[what], printed), (what, worth[what])


@settings(max_examples=80)
@given(raw=instances())
def test_knowing_is_worth_something_and_so_is_planning_for_all_futures(raw: dict[str, Any]) -> None:
    variants = expecting(by_future(raw | {"clairvoyant": False}))
    found = {c.question: c.cost for c in asked(QuestionSolver(variants, Allotment(EXACT, 9), SILENT), (1.0,))}
    tolerance = 1e-6 * (1 + abs(found["common plan"]))
    assert found["perfect information"] <= found["adaptive plan"] + tolerance
    assert found["adaptive plan"] <= found["common plan"] + tolerance
    assert found["common plan"] <= found["plan for the mean future"] + tolerance
    assert found["common plan"] <= found["common plan 1 year later"] + tolerance


@settings(max_examples=40)
@given(raw=instances())
def test_perfect_information_of_all_futures_together_is_that_of_each_alone(raw: dict[str, Any]) -> None:
    """Without shocks the futures fall apart: one program with hindsight costs what they cost one by one."""
    variants = expecting(by_future(raw | {"shocks": {}, "clairvoyant": True, "plan": "adaptive"}))
    alone = QuestionSolver(variants, Allotment(EXACT, 9), SILENT).perfect().cost
    together = solve(assemble(build_network(variants)), EXACT).objective
    assert together == pytest.approx(alone, rel=1e-6, abs=1e-6)


def test_a_question_without_a_plan_is_named(tmp_path: Path) -> None:
    path = tmp_path / "late.yaml"
    text = (PUBLISHED.parent / "quickstart.yaml").read_text("utf-8")
    path.write_text(text.replace("elastic:", "# elastic:"), "utf-8")
    with pytest.raises(NoAnswerError, match="no plan was found"):
        value(path, out=tmp_path / "value", sets=["demands.*.shortage=[]"])
