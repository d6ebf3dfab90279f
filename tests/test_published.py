"""Published planning models: expressible in our YAML and solved to the value their source prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.workflows.solve import solve
from tests.paths import PUBLISHED

# The optimum as printed by the source, with all its digits (see each instance's header for the source).
PRINTED = {
    "trnsport": "153.675",
    "trnspwl": "8.786852757777865",
    "mexss": "538.8112",
    "mexsd": "12850.8607",
    "ferts": "58793.8227",
    "paperco": "4615.4242",
    "robert": "11025",
    "vietman": "64926.46",
    "orlib-cap62": "977799.4",
    "orlib-cap71": "932615.75",
    "orlib-cap81": "838499.288",
    "orlib-cap104": "928941.75",
    "fcnet-k10x90": "568",
    "fcnet-r20x100": "15603",
    "fcnet-sp50x100": "50968",
    "fcnet-g40x132": "26629",
    "farmer": "-108390",
    "lands": "381.8533",
    "netdes-10-10-L-01": "88557.3",
    "netdes-10-10-L-05": "65280.5",
    "netdes-10-10-H-01": "27523.7",
    "netdes-10-20-L-01": "116823.8",
}


def agrees(found: float, printed: str) -> bool:
    """Equal to all printed digits, or to six significant digits beyond them where the print ends earlier."""
    decimals = len(printed.partition(".")[2])
    return abs(found - float(printed)) <= max(0.5 * 10**-decimals * 1.0001 if decimals else 0.0, 1e-9 * abs(found))


@pytest.mark.parametrize("name", PRINTED)
def test_reaches_the_printed_optimum(name: str, tmp_path: Path) -> None:
    run = solve(PUBLISHED / f"{name}.yaml", out=tmp_path / "run", options={"gap": 0.0})
    assert run.outcome.status == "optimal"
    assert agrees(run.figures["objective"], PRINTED[name]), run.figures["objective"]
    assert run.check is not None
    assert run.check.passed
    assert run.figures["published_optimum"] == float(PRINTED[name])


@pytest.mark.parametrize(("scenario", "optimum"), [("1", 4476.2654639), ("2", 4501.4860825), ("3", 4615.4242268)])
def test_paperco_scenarios(scenario: str, optimum: float, tmp_path: Path) -> None:
    names = {"1": "scenario-1", "2": "scenario-2", "3": None}
    run = solve(PUBLISHED / "paperco.yaml", scenario=names[scenario], out=tmp_path / "run")
    assert run.figures["objective"] == pytest.approx(optimum, abs=5e-8)


def test_no_published_instance_is_left_out() -> None:
    enumerated = {"interdict-1"}  # In tests/contingency/test_outage.py.
    assert {path.stem for path in PUBLISHED.glob("*.yaml")} == set(PRINTED) | enumerated
