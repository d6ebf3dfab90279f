"""Mistakes of shocks, controls, risk and sampling are refused at their own line, doubts are notes."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.common.errors import InputError
from planner.reading.document import load
from planner.validation.validate import validate
from tests.documents import HERE
from tests.validation.test_validate import changed, line_of_mark, problems

BAN = "    kind: ban\n    elements: [ndpr]\n"
LAST = "    passes: 0.5\nrequirements:\n"
SCOPE = "classes: [defence]\n    target"


def shocks(*lines: str) -> tuple[str, str]:
    """The small instance with shocks, one a line."""
    return LAST, LAST.replace("requirements:\n", "shocks:\n" + "".join(f"  {s}\n" for s in lines) + "requirements:\n")


def section(line: str) -> tuple[str, str]:
    """The small instance with another line at the top level."""
    return "scenarios:\n", f"{line}\nscenarios:\n"


RAID = "raid: {length: 2, hazard: 0.05, controls: [export_ban]}"

# Shocks, controls, risk and sampling; what the command line says of them is in test_wrong_inputs.
UNCERTAIN = {
    "shock from nowhere": (
        "dangling-name", "there is no future clam",
        [shocks(f"raid: {{length: 2, hazard: 0.05, from: clam}}{HERE}")],
    ),
    "shock of no control": (
        "empty-pattern", "no control matches import_*",
        [shocks(f"raid: {{length: 2, hazard: 0.05, controls: [import_*]}}{HERE}")],
    ),
    "window named like a future": (
        "same-name", "share the name raid@late",
        [shocks(f"raid: {{length: 2, hazard: 0.05}}{HERE}"), ("  storm:\n", "  raid@late:\n")],
    ),
    "shock without end": (
        "out-of-range", "0 must be more than 0",
        [shocks(f"raid: {{length: 0, hazard: 0.05}}{HERE}")],
    ),
    "hazard like a percentage": (
        "out-of-range", "5 must be less than 1",
        [shocks(f"raid: {{length: 1, hazard: 5}}{HERE}")],
    ),
    "hazard of one": ("out-of-range", "1 must be less than 1", [shocks(f"raid: {{length: 1, hazard: 1}}{HERE}")]),
    "range of a hazard upside down": (
        "out-of-range", "0.2 is above 0",
        [shocks(f"raid: {{length: 1, hazard: 0.1, range: [0.2, 0]}}{HERE}")],
    ),
    "shock past the last start": (
        "empty-window", "raid can never begin",
        [shocks(f"raid: {{length: 1, hazard: 0.1, earliest: 2031}}{HERE}")],
    ),
    "shock changes the tree": (
        "forbidden-override", "futures cannot differ",
        [shocks(f"raid: {{length: 1, hazard: 0.1, overrides: {{futures.calm.probability: 0.5}}}}{HERE}")],
    ),
    "shock changes what is decided": (
        "forbidden-override", "projects.port.life cannot differ",
        [shocks(f"raid: {{length: 1, hazard: 0.1, overrides: {{projects.port.life: 5}}}}{HERE}")],
    ),
    "shock changes nothing there is": (
        "unknown-path", "demands.ev.amonut",
        [shocks(f"raid: {{length: 1, hazard: 0.1, overrides: {{demands.ev.amonut *=: 2}}}}{HERE}")],
    ),
    "recipe wrong in a shock": (
        "creates-mass", "press",
        [shocks(f"raid: {{length: 1, hazard: 0.1, overrides: {{processes.press.outputs.magnet: 2}}}}{HERE}")],
    ),
    "range of three numbers": (
        "too-long", "at most 2 items",
        [("{probability: 0.6}", f"{{probability: 0.6, range: [0, 0.6, 1]}}{HERE}")],
    ),
    "ban that lets through": (
        "inconsistent", "passes belongs to kind licence, not ban - write kind: licence, or take passes away",
        [(BAN, f"{BAN}    passes: 0.2{HERE}\n")],
    ),
    "pace of a ban": (
        "inconsistent", "pace belongs to kind technology",
        [(BAN, f"{BAN}    pace: 0.2{HERE}\n")],
    ),
    "technology of elements": (
        "inconsistent", "elements belongs to kind ban or licence or quota or price, not technology",
        [(BAN, f"    kind: technology\n    elements: [ndpr]{HERE}\n    pace: 0.2\n")],
    ),
    "technology as before": (
        "inconsistent", "needs pace or dearer",
        [("  export_ban:", f"  export_ban:{HERE}"), (BAN, "    kind: technology\n    projects: ['*_works']\n")],
    ),
    # The model and the check compare a stage of a control letter by letter.
    "pattern of stages": (
        "dangling-name", "there is no stage mag* - did you mean magnet?",
        [("elements: [ndpr]\n", f'commodities: [magnet]\n    stages: ["mag*"]{HERE}\n')],
    ),
    "technology of a pattern of stages": (
        "dangling-name", "there is no stage *",
        [(BAN, f"    kind: technology\n    pace: 0.5\n    projects: ['*_works']\n    stages: ['*']{HERE}\n")],
    ),
    "technology of no project": (
        "empty-pattern", "no project matches",
        [(BAN, f"    kind: technology\n    pace: 0.5\n    projects: ['*-works']{HERE}\n")],
    ),
    "technology elsewhere": (
        "no-effect", "touches nothing",
        [("  export_ban:", f"  export_ban:{HERE}"), ("    destinations: [US]\n", "    destinations: [NO]\n"),
         (BAN, "    kind: technology\n    pace: 0.5\n    projects: ['*_works']\n")],
    ),
    "classes and exempt": (
        "inconsistent", "either classes or exempt",
        [("  export_ban:", f"  export_ban:{HERE}"), (BAN, f"{BAN}    classes: [ev]\n    exempt: [defence]\n")],
    ),
    "delay of some classes": (
        "inconsistent", "delay cannot be combined with classes or exempt",
        [("  export_licence:", f"  export_licence:{HERE}"), (LAST, f"    delay: 0.5\n    classes: [ev]\n{LAST}")],
    ),
    "exempt are all": ("no-effect", "no user in its classes", [(BAN, f"{BAN}    exempt: ['*']{HERE}\n")]),
    "no class matches": (
        "empty-pattern", "no class of users matches ev_*",
        [(BAN, f"{BAN}    exempt: ['ev_*']{HERE}\n")],
    ),
    "phase_in beyond the end": (
        "inconsistent", "phase_in 2 is longer than the window",
        [("  export_ban:", f"  export_ban:{HERE}"), (BAN, f"{BAN}    end: 2029\n    phase_in: 2\n")],
    ),
    "phase_out without an end": (
        "inconsistent", "phase_out needs end",
        [("  export_ban:", f"  export_ban:{HERE}"), (BAN, f"{BAN}    phase_out: 1\n")],
    ),
    "share of an unlimited supplier in a shock": (
        "unlimited", "pass to US in raid@2026:2026",
        [shocks("raid: {length: 1, hazard: 0.1, controls: [export_licence]}"), ("[export_*]", "[export_ban]"),
         ("    steps:\n      - {price: 60, amount: 400}", f"    steps:{HERE}\n      - {{price: 60}}")],
    ),
    "regret with a shock": (
        "incoherent", "no best plan of its own",
        [shocks(RAID), section(f"objective: {{risk: {{measure: regret}}}}{HERE}")],
    ),
    "tail of nothing": (
        "out-of-range", "0 must be more than 0",
        [section(f"objective: {{risk: {{measure: cvar, tail: 0}}}}{HERE}")],
    ),
    "weight above one": (
        "out-of-range", "2 must be at most 1",
        [section(f"objective: {{risk: {{measure: cvar, weight: 2}}}}{HERE}")],
    ),
    "drawn from no control": (
        "empty-pattern", "no control matches import_*",
        [section(f"sampling: {{controls: [import_*], onset: [2027, 2028], duration: [1, 2]}}{HERE}")],
    ),
    "drawn for no time": (
        "inconsistent", "duration must be above 0",
        [section(f"sampling: {{controls: ['*'], onset: [2027, 2028], duration: [0, 2]}}{HERE}")],
    ),
    "drawn upside down": (
        "out-of-range", "2028 is above 2027",
        [section(f"sampling: {{controls: ['*'], onset: [2028, 2027], duration: [1, 2]}}{HERE}")],
    ),
    "requirement of an unknown window": (
        "dangling-name", "no future raid@2029",
        [shocks(RAID), (SCOPE, f"classes: [defence]\n    futures: [raid@2029]{HERE}\n    target")],
    ),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_mistakes_of_uncertainty(tmp_path: Path, name: str) -> None:
    code, says, changes = UNCERTAIN[name]
    text = changed(*changes)
    path = tmp_path / "instance.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        validate(load(path))
    place = f"{path}:{line_of_mark(text)}:"
    told = str(refused.value).splitlines()
    assert any(line.startswith(place) and f" {code} " in line and says in line for line in told), told


def test_price_of_one_is_no_measure(tmp_path: Path) -> None:
    text = changed(("  export_ban:", f"  export_ban:{HERE}"), (BAN, BAN.replace("ban", "price")))
    assert problems(tmp_path, text) == [("inconsistent", line_of_mark(text))]


def test_work_that_a_shock_or_future_delays_beyond_the_horizon_is_no_mistake(tmp_path: Path) -> None:
    delay = "demands.defence.amount *=: 1.5\n"
    assert problems(tmp_path, changed((delay, f"{delay}      projects.*.lead_time +=: 8\n"))) == []


def test_a_shock_without_controls_or_overrides_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(changed(shocks("raid: {length: 1, hazard: 0.1}")))
    assert validate(load(path)) != []


RIGHT = {
    "pattern of stages in a requirement": [
        ("    commodities: [magnet]\n    regions: [US]", '    stages: ["mag*"]\n    regions: [US]'),
    ],
    "shock": [shocks(RAID)],
    "shock over the whole horizon": [shocks("raid: {length: 100, hazard: 0.05, controls: [export_*]}")],
    "control that only a shock uses": [("[export_*]", "[export_licence]"), shocks(RAID)],
    "control that only drawn futures use": [
        ("[export_*]", "[export_licence]"),
        section("sampling: {controls: [export_ban], onset: [2026, 2030], duration: [1, 2]}"),
    ],
    "control out of its own window in a shock": [
        ("[export_*]", "[export_licence]"), ("    start: 2028", "    start: 2040"), shocks(RAID),
    ],
    "emergency of a shock": [
        shocks(RAID), ("    initial: 10\n", "    initial: 10\n    release: emergency\n    emergency: [export_b*]\n"),
    ],
    "requirement in some windows": [
        shocks(RAID), (SCOPE, "classes: [defence]\n    futures: ['raid@*', calm]\n    target"),
    ],
    "regret": [section("objective: {risk: {measure: regret}}")],
    "intervals of a hazard": [
        shocks(RAID.replace("0.05", "0.05, range: [0, 0.1]")), section("objective: {risk: {measure: intervals}}"),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_uncertainty_that_is_right(tmp_path: Path, name: str) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(changed(*RIGHT[name]))
    assert validate(load(path)) == []


DOUBTFUL = {
    "clairvoyant": (
        "clairvoyant", "for comparison only",
        [("plan: adaptive", f"plan: adaptive\nclairvoyant: true{HERE}")],
    ),
    "hazard zero": ("unused", "raid has hazard 0", [shocks(f"raid: {{length: 1, hazard: 0}}{HERE}")]),
    "shock of a future left out": (
        "unused", "raid breaks into a future of probability 0",
        [shocks(f"raid: {{length: 1, hazard: 0.1, from: fog}}{HERE}"),
         ("  storm:", "  fog: {probability: 0}\n  storm:")],
    ),
    "rule of a future left out": (
        "unused", "guns holds in futures of probability 0 alone (fog): it is left out",
        [("classes: [defence]", f"classes: [defence]\n    futures: [fog]{HERE}"),
         ("  storm:", "  fog: {probability: 0}\n  storm:")],
    ),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubts_about_uncertainty(tmp_path: Path, name: str) -> None:
    code, says, changes = DOUBTFUL[name]
    text = changed(*changes)
    path = tmp_path / "instance.yaml"
    path.write_text(text)
    (warning,) = validate(load(path))
    assert warning.place is not None
    assert (warning.code, warning.place.line) == (code, line_of_mark(text))
    assert says in warning.message
