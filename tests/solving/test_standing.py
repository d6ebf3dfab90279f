"""Which projects of a plan are firm: proven needed, or interchangeable within what is proven."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.workflows.solve import solve
from tests.cases import case_file

TWO: dict[str, Any] = {
    "facilities": {
        name: {"region": "US", "capacity": 0, "processes": ["make"]} for name in ("alpha", "beta", "gamma")
    },
    "suppliers.china.steps": [{"price": 1000, "amount": 500}],
}


def project(name: str, size: float, capital: float) -> dict[str, Any]:
    return {"facility": name, "size": {"fixed": size}, "capital": {"fixed": capital}, "lead_time": 0, "life": 3}


@pytest.mark.parametrize("method", ["extensive", "benders"])
def test_a_project_without_a_rival_is_firm_and_twins_are_not(tmp_path: Path, method: str) -> None:
    """100 t needed: gamma gives 50 t alone, alpha and its twin beta 50 t each at the same cost.

    Three years of 100 t at 20 a tonne cost 6000, the cheapest two plants 190; without gamma 200, without alpha or
    beta nothing more. Going short of 50 t would cost 2500 a year.
    """
    changes: dict[str, Any] = TWO | {
        "projects": {"alpha": project("alpha", 50, 100), "beta": project("beta", 50, 100),
                     "gamma": project("gamma", 50, 90)},
        "futures": {"one": {"probability": 0.5},
                    "two": {"probability": 0.5, "from": "one", "branches": 2027, "controls": ["ban"]}},
        "controls": {"ban": {"exporter": "CN", "kind": "ban", "commodities": ["magnet"], "destinations": ["*"]}},
        "time.periods": [1, 1, 1],
    }
    run = solve(case_file(tmp_path, changes, {}), out=tmp_path / "run", options={"gap": 0.0, "method": method})
    stands = run.tables["plan"].drop_duplicates("project").set_index("project")["standing"].to_dict()
    assert stands.pop("gamma") == "firm"
    assert set(stands.values()) <= {"interchangeable"}
    assert len(stands) == 1
