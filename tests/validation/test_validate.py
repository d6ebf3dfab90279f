"""Every kind of mistake is refused with its code at its own line, and a right instance is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.common.errors import InputError
from planner.reading.document import load
from planner.validation.validate import validate
from tests.documents import HERE, SMALL


def problems(tmp_path: Path, text: str) -> list[tuple[str, int]]:
    """Code and line of all problems of an instance."""
    path = tmp_path / "instance.yaml"
    path.write_text(text)
    try:
        validate(load(path))
    except InputError as error:
        return [(problem.code, problem.place.line if problem.place else 0) for problem in error.problems]
    return []


def changed(*changes: tuple[str, str]) -> str:
    """The small instance with texts replaced."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def line_of_mark(text: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.endswith(HERE))


def test_small_instance_is_right(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(SMALL)
    assert validate(load(path)) == []


WRONG_NAMES = {
    "region": ("    region: US\n    capacity: 0", f"    region: USA{HERE}\n    capacity: 0"),
    "process": ("processes: [press]", f"processes: [pres]{HERE}"),
    "process cost": ("      recycle: 7", f"      recicle: 7{HERE}"),
    "input": ("inputs: {oxide.ndpr: 0.33}", f"inputs: {{oxide.ndrp: 0.33}}{HERE}"),
    "output": ("outputs: {magnet: 1}", f"outputs: {{magnets: 1}}{HERE}"),
    "element of commodity": ("elements: {ndpr: 0.8, dy: 0.01}", f"elements: {{ndpr: 0.8, tb: 0.01}}{HERE}"),
    "facility": ("facility: works", f"facility: work{HERE}"),
    "lane of project": ("lane: ship_ore", f"lane: ship_or{HERE}"),
    "prerequisite": ("requires: [new_works]", f"requires: [old_works]{HERE}"),
    "lane commodity": ("commodities: [ore]", f"commodities: [iron]{HERE}"),
    "lane from": ("from: [NO]", f"from: [NL]{HERE}"),
    "lane to": ("to: [US, NO]", f"to: [US, 'NA']{HERE}"),
    "supplied commodity": ("commodity: magnet\n    origin", f"commodity: magnets{HERE}\n    origin"),
    "supplier region": ("regions: [CN, US]", f"regions: [CN, UK]{HERE}"),
    "delivery cost": ("      US: 1", f"      UK: 1{HERE}"),
    "outlet commodity": ("commodity: oxide.ndpr", f"commodity: oxide.nd{HERE}"),
    "limited supplier": ("suppliers: [norway]", f"suppliers: [norwegen]{HERE}"),
    "limited activity": ("activities: [mill/sep*]", f"activities: [mill/press]{HERE}"),
    "accepted": ("accepts: {magnet: 1}", f"accepts: {{magnet: 1, iron: 1}}{HERE}"),
    "stored commodity": (
        "commodity: magnet\n    region: US\n    owner",
        f"commodity: magnat{HERE}\n    region: US\n    owner",
    ),
    "returned": ("delivered: {magnet: 0.9}", f"delivered: {{magnat: 0.9}}{HERE}"),
    "control element": ("elements: [ndpr]", f"elements: [nd]{HERE}"),
    "control stage": ("stages: [magnet]", f"stages: [magnets]{HERE}"),
    "exporter": ("    exporter: CN\n    kind: ban", f"    exporter: CH{HERE}\n    kind: ban"),
    "future": ("from: calm", f"from: clam{HERE}"),
    "class": ("classes: [defence]", f"classes: [defense]{HERE}"),
    "source": ("disposal: forbidden", f"disposal: {{value: 3, source: surwey}}{HERE}"),
}


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_names_that_nothing_bears(tmp_path: Path, name: str) -> None:
    text = changed(WRONG_NAMES[name])
    assert ("dangling-name", line_of_mark(text)) in problems(tmp_path, text)


WRONG = {
    "pattern of controls": ("empty-pattern", [("[export_*]", f"[import_*]{HERE}")]),
    "pattern of projects": ("empty-pattern", [('["*_*"]', f'["*-*"]{HERE}')]),
    "pattern of destinations": ("empty-pattern", [("destinations: [US]", f"destinations: [E?]{HERE}")]),
    "probabilities": ("probabilities", [("futures:", f"futures:{HERE}"), ("probability: 0.6", "probability: 0.61")]),
    "trunk branches": (
        "future-tree",
        [("  calm: {probability: 0.6}", f"  calm: {{probability: 0.6, branches: 2027}}{HERE}")],
    ),
    "no branch year": ("future-tree", [("  storm:", f"  storm:{HERE}"), ("    branches: 2027\n", "")]),
    "circle of futures": (
        "future-tree",
        [
            ("  storm:", "  fog: {probability: 0, from: storm, branches: 2027}\n  storm:"),
            ("from: calm", f"from: fog{HERE}"),
        ],
    ),
    "branch outside": ("outside-horizon", [("branches: 2027", f"branches: 2033{HERE}")]),
    "curve falls": (
        "curve",
        [
            (
                "[{size: 50, cost: 20}, {size: 200, cost: 50},",
                f"[{{size: 50, cost: 60}},\n        {{size: 200, cost: 50}},{HERE}\n       ",
            )
        ],
    ),
    "curve sizes": ("curve", [("{size: 200, cost: 50},", f"\n        {{size: 40, cost: 50}},{HERE}\n       ")]),
    "curve too short": ("curve", [("      curve: [", f"      curve:{HERE}\n        ["), ("most: 500", "most: 501")]),
    "curve and variable": ("two-costs", [("      curve: [", f"      variable: 1{HERE}\n      curve: [")]),
    "lane curve and freight": (
        "two-costs",
        [
            (
                "freight: 0.2\n  ship",
                f"freight: 0.2{HERE}\n    curve: [{{size: 0, cost: 0}}, {{size: 9, cost: 9}}]\n  ship",
            )
        ],
    ),
    "lane curve from nowhere": (
        "curve",
        [
            (
                "freight: 0.2\n  ship",
                f"freight: 0\n    curve: [{{size: 1, cost: 0}}, {{size: 9, cost: 9}}]{HERE}\n  ship",
            )
        ],
    ),
    "tariff on nothing": ("missing-key", [("freight: 0.2\n  ship", f"freight: 0.2\n    tariff: 0.1{HERE}\n  ship")]),
    "lane to itself": ("no-effect", [("  ship_ore:", f"  ship_ore:{HERE}"), ("to: [US]", "to: [NO]")]),
    "project of two movements": ("lane-not-single", [("lane: ship_ore", f"lane: ship_magnets{HERE}")]),
    "mass from nothing": ("creates-mass", [("outputs: {magnet: 1}", f"outputs: {{magnet: 1.1}}{HERE}")]),
    "element from nothing": (
        "creates-element",
        [("outputs: {magnet: 1}", f"outputs: {{magnet: 1}}{HERE}"), ("0.33", "0.31")],
    ),
    "too much element": (
        "creates-element",
        [("elements: {ndpr: 0.8, dy: 0.01}", f"elements: {{ndpr: 0.9, dy: 0.2}}{HERE}")],
    ),
    "returned element": ("creates-element", [("delivered: {magnet: 0.9}", f"delivered: {{magnet: 1.1}}{HERE}")]),
    "gaining loop": (
        "gaining-loop",
        [
            ("  press:", f"  press:{HERE}"),
            (
                "  recycle:",
                "  crush: {inputs: {magnet: 1}, outputs: {oxide.ndpr: 0.4}, adds_mass: 1, variable_cost: 0}\n"
                "  recycle:",
            ),
            ("processes: [separate, recycle]", "processes: [separate, recycle, crush]"),
            ("{ndpr: 0.8, dy: 0.01}", "{}"),
            ("elements: {ndpr: 0.25, dy: 0.003}", "elements: {}"),
            ("elements: {ndpr: 0.25, dy: 0.0025}", "elements: {}"),
            ("elements: [ndpr]", "commodities: [magnet]"),
        ],
    ),
    "unobtainable": (
        "unobtainable",
        [
            ("inputs: {ore: 4.2}", f"inputs: {{ore: 4.2, acid: 1}}{HERE}"),
            ("  scrap:\n", "  acid: {disposal: free}\n  scrap:\n"),
        ],
    ),
    "unreachable": (
        "unreachable-demand",
        [
            ("  defence:", f"  defence:{HERE}"),
            ("region: US\n    class: defence", "region: NO\n    class: defence"),
            ("to: [US, NO]", "to: [US]"),
        ],
    ),
    "no volume for hard demand": (
        "unreachable-demand",
        [
            ("  defence:", f"  defence:{HERE}"),
            ("amount: 400", "amount: 0"),
            ("initial: 10", "initial: 0"),
            ("inputs: {ore: 4.2}", "inputs: {scrap: 4.2}"),
        ],
    ),
    "window of project": ("never-decided", [("earliest: 2027", f"earliest: 2031{HERE}")]),
    "too slow": (
        "never-online",
        [("    earliest: 2027\n    lead_time: 1", f"    earliest: 2027\n    lead_time: 8{HERE}")],
    ),
    "prerequisites in a circle": (
        "prerequisite-cycle",
        [
            ("requires: [new_works]", f"requires: [port]{HERE}"),
            ("    lane: ship_ore", "    requires: [bigger_mill]\n    lane: ship_ore"),
        ],
    ),
    "prerequisite too late": (
        "impossible-prerequisite",
        [
            ("requires: [new_works]", f"requires: [new_works]{HERE}\n    latest: 2027"),
            ("    facility: works", "    facility: works\n    earliest: 2028"),
        ],
    ),
    "excluded prerequisite": (
        "impossible-prerequisite",
        [("requires: [new_works]", f"requires: [new_works]{HERE}"), ("at_most: 2", "at_most: 1")],
    ),
    "control without object": (
        "no-effect",
        [("  export_ban:", f"  export_ban:{HERE}"), ("    elements: [ndpr]", "    commodities: [ore]")],
    ),
    "control before its future": ("outside-horizon", [("    start: 2028", f"    start: 2026{HERE}\n    end: 2027")]),
    "control after the horizon": ("outside-horizon", [("    start: 2028", f"    start: 2034{HERE}")]),
    "share of an unlimited supplier": (
        "unlimited",
        [("    steps:\n      - {price: 60, amount: 400}", f"    steps:{HERE}\n      - {{price: 60}}")],
    ),
    "share of an unlimited lane": (
        "unlimited",
        [("  ship_magnets:", f"  ship_magnets:{HERE}"), ("    capacity: 300\n", "")],
    ),
    "shares of shortage": (
        "shares",
        [("    shortage:", f"    shortage:{HERE}"), ("{share: 0.5, cost: 300}", "{share: 0.6, cost: 300}")],
    ),
    "lifetimes": ("shares", [("lifetime: {2: 0.5, 3: 0.4}", f"lifetime: {{2: 0.7, 3: 0.4}}{HERE}")]),
    "lifetime before delivery": (
        "out-of-range",
        [("lifetime: {2: 0.5, 3: 0.4}", f"lifetime: {{-2: 0.5, 3: 0.4}}{HERE}")],
    ),
    "requirement without demand": (
        "empty-scope",
        [("  guns:", f"  guns:{HERE}"), ("classes: [defence]", "classes: [defence]\n    regions: [CN]")],
    ),
    "requirement without period": (
        "empty-scope",
        [("  guns:", f"  guns:{HERE}"), ("classes: [defence]", "classes: [defence]\n    start: 2040")],
    ),
    "dependence on nobody": (
        "empty-scope",
        [
            ("  china_share:", f"  china_share:{HERE}"),
            ("commodities: [magnet]\n    regions: [US]", "commodities: [ore]\n    regions: [US]"),
        ],
    ),
    "stock over capacity": ("inconsistent", [("initial: 10", f"initial: 60{HERE}")]),
    "least over most": ("inconsistent", [("size: {least: 50, most: 500}", f"size: {{least: 600, most: 500}}{HERE}")]),
    "limit of nothing": (
        "empty",
        [("  ore_cap:", f"  ore_cap:{HERE}"), ("    suppliers: [norway]\n    activities: [mill/sep*]\n", "")],
    ),
    "limit without a bound": ("empty", [("  ore_cap:", f"  ore_cap:{HERE}"), ("    most: 1000\n", "")]),
    "group without a limit": ("empty", [("  plants:", f"  plants:{HERE}"), ("    at_most: 2\n", "")]),
    "outlet wants too much": (
        "inconsistent",
        [("steps: [{price: 50, amount: 20}]", f"least: 30{HERE}\n    steps: [{{price: 50, amount: 20}}]")],
    ),
    "cost for another region": ("no-effect", [("      US: 1", f"      NO: 1{HERE}")]),
    "cost of another process": ("no-effect", [("      recycle: 7", f"      press: 7{HERE}")]),
    "return of what is not delivered": (
        "no-effect",
        [("delivered: {magnet: 0.9}", f"delivered: {{magnet: 0.9, scrap: 1}}{HERE}")],
    ),
    "empty recipe": (
        "empty",
        [("  recycle:\n    inputs", f"  idle: {{variable_cost: 1}}{HERE}\n  recycle:\n    inputs")],
    ),
    "scenario path": ("unknown-path", [("suppliers.*.steps.*.price *=: 2", f"suppliers.*.steps.*.prize *=: 2{HERE}")]),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes(tmp_path: Path, name: str) -> None:
    code, changes = WRONG[name]
    text = changed(*changes)
    assert (code, line_of_mark(text)) in problems(tmp_path, text)


def test_all_problems_are_reported_in_order(tmp_path: Path) -> None:
    text = changed(("from: [NO]", "from: [NL]"), ("lifetime: {2: 0.5", "lifetime: {2: 0.7"), ("0.6}", "0.5}"))
    found = problems(tmp_path, text)
    assert [code for code, _ in found] == ["probabilities", "dangling-name", "shares"]
    assert found == sorted(found, key=lambda problem: problem[1])


def test_hint_names_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(changed(("facility: works", "facility: work")))
    with pytest.raises(InputError, match=r"instance.yaml:\d+:\d+ dangling-name .* did you mean works\?"):
        validate(load(path))


def test_wiring_of_unreachable_demand_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(changed(("region: US\n    class: defence", "region: NO\n    class: defence"), ("[US, NO]", "[US]")))
    with pytest.raises(InputError, match="it can be had in CN, US: is a lane missing"):
        validate(load(path))


def test_control_that_a_scenario_uses_is_no_mistake(tmp_path: Path) -> None:
    text = changed(("[export_*]", "[export_licence]"))
    text += "  banned:\n    futures.storm.controls: [export_ban]\n"
    assert problems(tmp_path, text) == []



def test_a_title_in_place_of_a_name_is_known(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    licence = 'destinations: ["*"]\n    start: 2027'
    titled = ("{CN: {}, US: {}", "{CN: {}, US: {title: United States}")
    path.write_text(changed(titled, (licence, licence.replace('"*"', "united states"))))
    with pytest.raises(InputError, match=r"no region united states - did you mean US\?"):
        validate(load(path))


def test_control_in_no_future_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(changed(("[export_*]", "[export_licence]")))
    (note,) = validate(load(path))
    assert (note.code, note.message) == ("unused", "no future and no shock has the control export_ban")


def test_taking_capacity_away_is_a_question_not_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    text = changed(("accepts: {magnet: 1}\n    amount: 200", "accepts: {fan: 1}\n    amount: 200"))
    text = text.replace("  scrap:\n", "  fan: {disposal: free, mass: false}\n  scrap:\n")
    text = text.replace(
        "  recycle:\n    inp", "  fit: {inputs: {magnet: 1}, outputs: {fan: 1}, variable_cost: 1}\n  recycle:\n    inp"
    )
    text = text.replace("facilities:\n", "facilities:\n  shop: {region: US, capacity: 10, processes: [fit]}\n")
    path.write_text(text)
    assert validate(load(path)) == []
    warnings = validate(load(path, sets=["facilities.shop.capacity=0"]))
    assert {problem.code for problem in warnings} == {"unreachable-demand", "unobtainable", "unused"}


def test_unused_parts_are_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_text(changed(("  scrap:\n", "  tin: {disposal: free}\n  scrap:\n"), ("NO: {}}", "NO: {}, MY: {}}")))
    warnings = [(problem.code, problem.message) for problem in validate(load(path))]
    assert warnings == [("unused", "nothing makes, moves or uses tin"), ("unused", "nothing happens in MY")]


def test_a_lossless_loop_is_no_gain(tmp_path: Path) -> None:
    text = changed(
        ("  recycle:\n    inp", "  back: {inputs: {oxide.ndpr: 1}, outputs: {flake: 1}, variable_cost: 0}\n"
                               "  forth: {inputs: {flake: 1}, outputs: {oxide.ndpr: 1}, variable_cost: 0}\n"
                               "  recycle:\n    inp"),
        ("  scrap:\n", "  flake: {disposal: free, elements: {ndpr: 0.8, dy: 0.01}}\n  scrap:\n"),
        ("processes: [separate, recycle]", "processes: [separate, recycle, back, forth]"),
    )  # fmt: skip
    assert problems(tmp_path, text) == []


def test_a_mistake_in_one_future_is_found_at_its_override(tmp_path: Path) -> None:
    text = changed(("demands.defence.amount *=: 1.5", f"processes.press.outputs.magnet: 2{HERE}"))
    assert ("creates-mass", line_of_mark(text)) in problems(tmp_path, text)
