"""Wrong inputs at the command line: each refused with file, line, meaning and hint, exit code 2, nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.common.errors import InputError
from planner.common.patterns import fits
from planner.reading.document import load
from planner.validation.validate import validate
from tests.commands import planner
from tests.paths import QUICKSTART, SMALL

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

BAN = "  ban:\n    exporter: CN\n    kind: ban\n    stages: [metal, magnet]\n"
SCOPE = "    classes: [defence]\n    start: 2028\n"
EMBARGO = "    probability: 0.3\n"
TAIL = "# What the plan must achieve"
STOCK = "    final_value: 30\n"


def shock(text: str) -> tuple[str, str]:
    """The quickstart with a section of shocks."""
    return TAIL, f"shocks:\n{text}\n{TAIL}"


def section(text: str) -> tuple[str, str]:
    """The quickstart with another line at the top level."""
    return "options: {gap", f"{text}\noptions: {{gap"


RAID = shock("  raid: {length: 2, hazard: 0.1, controls: [ban]}\n")

# Of controls, shocks, risk and sampling: what is replaced by what, ^ where the message must point; code; what it says.
MARKED: dict[str, tuple[list[tuple[str, str]], str, str]] = {
    "control of an unknown element": (
        [("    stages: [metal, magnet]\n    dest", "    elements: [NdPr, ^Dyy]\n    dest")],
        "dangling-name", "there is no element Dyy - known: NdPr",
    ),
    "control that ends before it starts": (
        [("  ban:\n", "  ^ban:\n"), ("    start: 2028\n\n", "    start: 2030\n    end: 2028\n\n")],
        "inconsistent", "the window is empty: start 2030, end 2028",
    ),
    "control never in force": (
        [("    start: 2028\n\n", "    ^start: 2040\n\n")],
        "outside-horizon", "its window 2040 to the end lies outside the horizon",
    ),
    "control of an unknown class": (
        [(BAN, f"{BAN}    classes: [^defense]\n")],
        "dangling-name", "there is no class of users defense - did you mean defence?",
    ),
    "class control that touches nobody": (
        [(BAN, BAN.replace("metal, magnet]", "metal]") + "    ^classes: [defence]\n")],
        "no-effect", "ban has no effect: no user in its classes and destinations uses these commodities",
    ),
    "quota without amount": (
        [(BAN, BAN.replace("  ban", "  ^ban", 1).replace("kind: ban", "kind: quota"))],
        "missing-key", "controls.ban needs amount",
    ),
    "classes on a quota": (
        [(BAN, BAN.replace("kind: ban", "kind: quota\n    amount: 9\n    ^classes: ev"))],
        "inconsistent", "classes belongs to kind ban or licence, not quota",
    ),
    "technology ban without projects": (
        [(BAN, "  ^ban:\n    exporter: CN\n    kind: technology\n    pace: 0.5\n")],
        "inconsistent", "name what is controlled: projects or stages",
    ),
    "technology ban on nothing": (
        [(BAN, "  ^ban:\n    exporter: CN\n    kind: technology\n    pace: 0.5\n    stages: [mine]\n")],
        "no-effect", "no project it names or at its stages lies in its destinations",
    ),
    "shock whose onsets end before they begin": (
        [shock("  ^raid: {length: 2, hazard: 0.1, earliest: 2030, latest: 2028, controls: [ban]}\n")],
        "inconsistent", "the window of onsets is empty: earliest 2030, latest 2028",
    ),
    "shock between two periods": (
        [shock("  raid: {length: 2, hazard: 0.1, ^earliest: 2028.2, latest: 2028.7, controls: [ban]}\n")],
        "empty-window", "raid can never begin: no period starts in its window of onsets",
    ),
    "shock before its future branches": (
        [shock("  ^raid: {length: 2, hazard: 0.1, from: embargo, latest: 2027, controls: [ban]}\n")],
        "empty-window", "raid can never begin",
    ),
    "onset before the horizon": (
        [shock("  raid: {length: 2, hazard: 0.1, ^earliest: 2020, controls: [ban]}\n")],
        "outside-horizon", "earliest onset 2020 of raid lies outside the horizon 2026 to 2033",
    ),
    "onset after the horizon": (
        [shock("  raid:\n    length: 2\n    hazard: 0.1\n    ^latest: 2033\n    controls: [ban]\n")],
        "outside-horizon", "latest onset 2033 of raid lies outside the horizon 2026 to 2033",
    ),
    "shock that is certain": (
        [shock("  raid: {length: 2, ^hazard: 1, controls: [ban]}\n")],
        "out-of-range", "shocks.raid.hazard: 1 must be less than 1",
    ),
    "hazard outside its range": (
        [shock("  ^raid: {length: 2, hazard: 0.5, range: [0.1, 0.2], controls: [ban]}\n")],
        "inconsistent", "hazard 0.5 lies outside its range 0.1 to 0.2",
    ),
    "shock named like a future": (
        [shock("  ^embargo: {length: 2, hazard: 0.1, controls: [ban]}\n")],
        "same-name", "share the name embargo with a future - rename one of them",
    ),
    "shock of an unknown control": (
        [shock("  raid: {length: 2, hazard: 0.1, controls: [ban, ^bann]}\n")],
        "dangling-name", "there is no control bann - did you mean ban?",
    ),
    "probabilities below one": (
        [("futures:\n  truce", "^futures:\n  truce"), ("probability: 0.7", "probability: 0.6")],
        "probabilities", "the probabilities of the futures add up to 0.9, not 1",
    ),
    "range without its probability": (
        [("  embargo:\n", "  ^embargo:\n"), (EMBARGO, f"{EMBARGO}    range: [0.4, 0.5]\n")],
        "inconsistent", "probability 0.3 lies outside its range 0.4 to 0.5",
    ),
    "range upside down": (
        [(EMBARGO, f"{EMBARGO}    ^range: [0.5, 0.2]\n")], "out-of-range", "futures.embargo.range: 0.5 is above 0.2",
    ),
    "branch before the horizon": (
        [("    branches: 2028", "    ^branches: 2020")],
        "outside-horizon", "embargo branches in 2020, when no period of its own can start",
    ),
    "branch at the horizon's end": (
        [("    branches: 2028", "    ^branches: 2033")], "outside-horizon", "periods start from 2026 to 2032",
    ),
    "regret with shocks": (
        [section("objective: {risk: {^measure: regret}}"), RAID],
        "incoherent", "an unforeseen shock has no best plan of its own",
    ),
    "intervals without a range": (
        [section("objective: {risk: {^measure: intervals}}")],
        "incoherent", "no future has a range of probability and no shock a range of hazard",
    ),
    "measure of risk that is none": (
        [section("objective: {risk: {^measure: cvr}}")], "wrong-choice", "did you mean cvar?",
    ),
    "emergency that no control makes": (
        [(STOCK, f"{STOCK}    release: emergency\n    emergency: [^bann]\n")],
        "dangling-name", "there is no control bann - did you mean ban?",
    ),
    "emergency pattern that no control fits": (
        [(STOCK, f"{STOCK}    release: emergency\n    emergency: [^raid_*]\n")],
        "empty-pattern", "no control matches raid_*",
    ),
    "requirement in windows of no shock": (
        [(SCOPE, f"{SCOPE}    futures: [^'riad@*']\n"), RAID],
        "empty-pattern", "no future matches riad@*",
    ),
    "requirement in a window that never opens": (
        [(f"  defence_always_served:\n    kind: served\n{SCOPE}",
          f"  ^defence_always_served:\n    kind: served\n{SCOPE}    futures: [raid@2028]\n"),
         shock("  raid: {length: 2, hazard: 0.1, earliest: 2030, controls: [ban]}\n")],
        "empty-scope", "holds in no period: its years are 2028 to the end, its futures raid@2028",
    ),
    "drawn onsets before the horizon": (
        [section("sampling: {controls: [ban], ^onset: [2024, 2030], duration: [1, 2]}")],
        "outside-horizon", "onsets from 2024 to 2030 leave the horizon - periods start from 2026 to 2032",
    ),
    "drawn onsets after the last period": (
        [section("sampling: {controls: [ban], ^onset: [2028, 2033], duration: [1, 2]}")],
        "outside-horizon", "onsets from 2028 to 2033 leave the horizon",
    ),
}  # fmt: skip


def marked(changes: list[tuple[str, str]]) -> tuple[str, str]:
    """The quickstart with changes, and line:column of the mark in it."""
    text = TEXT
    assert "^" not in text
    for old, new in changes:
        assert old in text, f"the quickstart has changed: choose another passage than {old!r}"
        text = text.replace(old, new, 1)
    before, after = text.split("^")
    line = before.splitlines(keepends=True)[-1] if not before.endswith("\n") else ""
    return before + after, f"{before.count(chr(10)) + 1}:{len(line) + 1}"


@pytest.mark.parametrize("name", MARKED)
def test_uncertainty_that_is_wrong_is_refused_at_its_place(name: str, tmp_path: Path) -> None:
    changes, code, says = MARKED[name]
    text, place = marked(changes)
    (tmp_path / "case.yaml").write_text(text, "utf-8")
    result = planner("solve", "case.yaml", "--quiet", "--out", "run", cwd=tmp_path)
    assert result.returncode == 2, result.stdout + result.stderr
    assert not result.stdout
    told = result.stderr.splitlines()
    assert told, "nothing was said"
    assert all(line.startswith(f"case.yaml:{place} {code} ") for line in told), result.stderr
    assert says in told[0]
    assert [path.name for path in tmp_path.iterdir()] == ["case.yaml"]


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


def test_what_once_ended_in_an_internal_error(tmp_path: Path) -> None:
    """Each with the code of its problem and the line on which it stands."""
    small = SMALL.read_text()
    raid = "shocks: {raid: {length: 1, hazard: 0.1, controls: [export_ban]}}\n"
    lane = small.replace("    to: [US]\n", "    to: [NO]\n", 1)
    know = "  know: {exporter: NO, kind: technology, projects: [port], destinations: ['*'], pace: 0.5}\n"
    lane = lane.replace("requirements:\n", know + "requirements:\n").replace("[export_*]", "[export_*, know]")
    cases = {
        "future from a shock": (small.replace("    from: calm", "    from: raid") + raid, "dangling-name"),
        "shock from itself": (small + raid.replace("{length", "{from: raid, length"), "dangling-name"),
        "lane without movement": (lane, "no-effect"),
        "many digits": (small.replace("amount: 200", f"amount: {'9' * 350}"), "not-finite"),
        "large tree": (small.replace("periods: [1, 1, 2, {name: late, length: 4}]", f"periods: {[1] * 300}")
                       + raid.replace("length: 1", "length: 100"), "too-large"),
    }
    for name, (text, code) in cases.items():
        path = tmp_path / "instance.yaml"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            validate(load(path))
        found = [problem for problem in caught.value.problems if problem.code == code]
        assert found, (name, caught.value.problems)
        assert found[0].place is not None
        assert found[0].place.line > 1
    with pytest.raises(InputError, match="not-finite"):
        load(SMALL, sets=["demands.ev.amount*=1e308"])


def test_many_stars_are_matched_in_a_moment() -> None:
    """The number of steps must not multiply with every star: by the old way this never ended."""
    assert not fits("*a" * 40 + "*b", "a" * 120)
    assert fits("*a" * 40 + "*b", "a" * 119 + "b")
    for pattern, name, expected in [("a*b?c", "axxbyc", True), ("a*a", "a", False), ("*.a", "b.a.a", True),
                                    ("a.*", "ab", False), ("**", "", True), ("?*?", "a", False)]:
        assert fits(pattern, name) is expected


def test_validate_says_in_json_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: bad\nunits: {quantity: t, money: MUSD}\nfoo: 1\n")
    result = planner("validate", "bad.yaml", "--json", cwd=tmp_path)
    assert result.returncode == 2
    answer = json.loads(result.stdout)
    assert not answer["valid"]
    assert not result.stderr
    (unknown,) = [p for p in answer["problems"] if p["code"] == "unknown-key"]
    assert (unknown["file"], unknown["line"], unknown["column"]) == ("bad.yaml", 3, 1)
    result = planner("validate", QUICKSTART, "--json", cwd=tmp_path)
    assert json.loads(result.stdout) == {"valid": True, "problems": [], "warnings": []}
    result = planner("validate", QUICKSTART, "--set", "time.base_yeer=1", "--json", cwd=tmp_path)
    assert json.loads(result.stdout)["problems"][0]["line"] is None
