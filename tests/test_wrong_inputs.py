"""Wrong inputs at the command line: each refused with file, line, meaning and hint, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_commands import QUICKSTART, planner

TEXT = QUICKSTART.read_text("utf-8")

# What is replaced, by what, what the message must say.
WRONG = {
    "unknown key": ("    capacity: 6000", "    capasity: 6000", "did you mean capacity?"),
    "unknown section": ("suppliers:", "supliers:", "did you mean suppliers?"),
    "dangling region": (
        "regions: [US]\n    steps: [{price: 100",
        "regions: [USA]\n    steps: [{price: 100",
        "did you mean US?",
    ),
    "dangling commodity": (
        "accepts: {magnet.n: 1}\n    amount: {2026: 300",
        "accepts: {magnet.m: 1}\n    amount: {2026: 300",
        "did you mean magnet.n?",
    ),
    "negative cost": ("variable_cost: 3}", "variable_cost: -3}", "-3"),
    "text for a number": ("amount: 2000", "amount: plenty", "a number"),
    "missing field": ("    capacity: 6000\n", "", "capacity"),
    "wrong unit": ("capacity: 6000", "capacity: {value: 6, unit: kt/year}", "t/year"),
    "estimate without range": (", low: 0.75, high: 0.95, estimate", ", estimate", "range"),
    "probabilities": ("probability: 0.7", "probability: 0.6", "0.9"),
    "empty window": (
        "    start: 2028\n\n# What the plan",
        "    start: 2028\n    end: 2028\n\n# What the plan",
        "empty",
    ),
    "creates mass": ("outputs: {oxide.ndpr: 0.21}", "outputs: {oxide.ndpr: 1.21}", "mass"),
    "nobody can make it": ("processes: [mine]\n", "processes: [recycle_swarf]\n", "concentrate"),
    "never decided": ("earliest: 2026, latest: 2029", "earliest: 2040, latest: 2044", "2040 to 2044"),
    "control touches nothing": ("exporter: CN\n    kind: ban", "exporter: AU\n    kind: ban", "nothing"),
    "duplicate key": ("  AU: {title: Australia}", "  AU: {title: Australia}\n  AU: {title: Austria}", "twice"),
    "bad yaml": ("regions:\n  AU: {title", "regions:\n  AU: {{title", ""),
    "branch outside horizon": ("    branches: 2028", "    branches: 2050", "2050"),
    "shares above one": ("{share: 0.7, cost: 8000}", "{share: 0.9, cost: 8000}", "1.2"),
    "escape": ("plan: common", "plan: common\ninclude: [../../etc/passwd]", "directory"),
}

# What is expected: the code of the message and the line it names.
EXPECTED = {
    "unknown key": ("unknown-key", 79),
    "unknown section": ("unknown-key", 133),
    "dangling region": ("dangling-name", 144),
    "dangling commodity": ("dangling-name", 153),
    "negative cost": ("out-of-range", 64),
    "text for a number": ("wrong-type", 138),
    "missing field": ("missing-key", 75),
    "wrong unit": ("wrong-unit", 79),
    "estimate without range": ("inconsistent", 87),
    "probabilities": ("probabilities", 32),
    "empty window": ("inconsistent", 191),
    "creates mass": ("creates-mass", 65),
    "nobody can make it": ("unobtainable", 65),
    "never decided": ("never-decided", 116),
    "control touches nothing": ("no-effect", 191),
    "duplicate key": ("duplicate-key", 46),
    "bad yaml": ("wrong-key", 45),
    "branch outside horizon": ("outside-horizon", 40),
    "shares above one": ("shares", 161),
    "escape": ("outside-directory", 29),
}




@pytest.mark.parametrize("name", WRONG)
def test_is_refused_with_place_meaning_and_hint(name: str, tmp_path: Path) -> None:
    (old, new, says), (code, line) = WRONG[name], EXPECTED[name]
    assert old in TEXT, "the quickstart has changed: choose another passage"
    (tmp_path / "case.yaml").write_text(TEXT.replace(old, new, 1), "utf-8")
    result = planner("solve", "case.yaml", "--out", "run", cwd=tmp_path)
    assert result.returncode == 2, result.stdout + result.stderr
    told = [text for text in result.stderr.splitlines() if text.startswith(f"case.yaml:{line}:")]
    assert any(f" {code} " in text and says in text for text in told), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["case.yaml"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "demands.US.ev.amonut=3"], "demands.US.ev.amount"),
        (["--scenario", "certain-truce"], "certain_truce"),
        (["--gap", "2"], "--gap"),
        (["--time-limit", "-1"], "--time-limit"),
        (["--write-model", "m.txt"], ".lp or .mps"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], says: str, tmp_path: Path) -> None:
    result = planner("solve", QUICKSTART, *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert says in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    result = planner("solve", "nothing.yaml", cwd=tmp_path)
    assert result.returncode == 2
    assert "nothing.yaml" in result.stderr
