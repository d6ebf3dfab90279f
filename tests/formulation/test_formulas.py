"""Every formula that the manual takes from a docstring, compared with the code on numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from planner.formulation.mathematics.capital import CapitalCoefficients
from planner.formulation.mathematics.construction import ProjectWork, annuity_factor, work
from planner.formulation.mathematics.control import combined, degree, price_multiples, routes, share_passing
from planner.formulation.mathematics.demand import return_share
from planner.formulation.network import Measure, Network, build_network
from planner.manual.pages import pages
from planner.program.program import assemble
from planner.program.risk_objective import weighed
from planner.reading.document import load
from planner.tree.builder import build_tree
from planner.tree.nodes import Node, discount_factor
from tests import play
from tests.paths import STARTER

NEAR = 1e-5  # Hand-computed numbers have six digits.
TRADE = "exporter: CN, commodities: [magnet], destinations: [HOME]"
SLOW = (
    "controls.slow={exporter: CN, kind: technology, projects: ['*'], destinations: [HOME], pace: 0.5, dearer: 0.2}",
    "futures.truce.controls=[slow]", "futures.embargo.controls=[ban, slow]", "projects.*.lead_time=1",
)  # fmt: skip


def network(*sets: str) -> Network:
    """The starter: five years from 2026, 8 %, an embargo of 30 % from 2028; a plant of 2 years' work, ramp 0.5."""
    return build_network(load(STARTER, sets=sets).instances())


class At(NamedTuple):
    """A network, and its nodes by name."""

    network: Network

    def __getitem__(self, key: str) -> Node:
        return next(node for node in self.network.tree.nodes if node.key == key)

    @property
    def work(self) -> ProjectWork:
        return work(self.network)

    def measure(self, name: str, node: str) -> Measure:
        return next(m for m in self.network.measures(self[node]) if m.name == name)


def controlled(*controls: str) -> At:
    """The starter with controls in force in its trunk."""
    named = [f"controls.c{i}={{{TRADE}, {control}}}" for i, control in enumerate(controls)]
    listed = ", ".join(f"c{i}" for i in range(len(controls)))
    return At(network(*named, f"futures.truce.controls=[{listed}]"))


def discounting() -> None:
    """1.08 to the power of -3, -2, -4; and (0.857339 - 0.735030) / (2 * 0.0769610)."""
    wanted = {"mid_period": 0.793832, "start_of_period": 0.857339, "end_of_period": 0.735030, "continuous": 0.794617}
    for convention, factor in wanted.items():
        time = load(STARTER, sets=[f"time.discounting={convention}"]).instance.time
        assert discount_factor(time, 2028, 2) == pytest.approx(factor, rel=NEAR)


def node_weight() -> None:
    """0.3 * 1 * 1.08**-2.5."""
    assert At(network())["embargo:2028"].weight == pytest.approx(0.247492, rel=NEAR)


def node_probability() -> None:
    """Of what comes, 30 % is the embargo; before it branches both futures pass the same node."""
    nodes = At(network())
    assert [nodes[key].probability for key in ("truce:2027", "truce:2028", "embargo:2028")] == [1.0, 0.7, 0.3]


def annuity() -> None:
    """0.08 / (1 - 1.08**-20), and with interest over 2 years times 0.1664 / (2 * 0.0769610)."""
    for interest, factor in (("false", 0.101852), ("true", 0.110109)):
        made = network(f"time.interest_during_construction={interest}")
        assert annuity_factor(made, made.base.projects["build-magnet-plant"]) == pytest.approx(factor, rel=NEAR)


def progress() -> None:
    """A year's work at half speed: half done after 2026, all after 2027; a fifth dearer."""
    at = At(network(*SLOW))
    first, second = (at.work.progress(at["truce:2026"], at[f"truce:{year}"]) for year in (2026, 2027))
    assert (first.done[0], first.surcharge[0]) == pytest.approx((0.5, 0.1))
    assert (second.done[0], second.commissioned[0], second.surcharge[0]) == pytest.approx((1.0, 2028.0, 0.2))


def technology() -> None:
    """Of two controls the slower and the dearer counts, each by its degree: half a year of two is in force in 2026."""
    more = "controls.more={exporter: CN, kind: technology, projects: ['*'], destinations: [HOME], pace: 0.2"
    more += ", start: 2026.5}"
    at = At(network(*SLOW, more, "futures.truce.controls=[slow, more]"))
    pace, dearer = at.work.technology(at["truce:2026"])
    assert (pace[0], dearer[0]) == pytest.approx((0.5, 0.2))  # Half of a pace of 0.2 is 1 - 0.5 * 0.8 = 0.6.
    assert at.work.technology(at["truce:2027"])[0][0] == pytest.approx(0.2)


def service() -> None:
    """Two years of work from 2026, then a life of a year and a half."""
    at = At(network("projects.*.life=1.5"))
    shares = [at.work.in_service(at["truce:2026"], at[f"truce:{year}"])[0] for year in range(2027, 2031)]
    assert shares == pytest.approx([0.0, 1.0, 0.5, 0.0])


def ramp() -> None:
    """Half of the size in the first year, then all; a plant that comes in mid-year has half of that half."""
    at = At(network())
    shares = [at.work.available_share(at["truce:2026"], at[f"truce:{year}"])[0] for year in (2027, 2028, 2029)]
    assert shares == pytest.approx([0.0, 0.5, 1.0])
    at = At(network("projects.*.lead_time=1.5"))
    assert at.work.available_share(at["truce:2026"], at["truce:2027"])[0] == pytest.approx(0.25)


def yearly() -> None:
    """The annuity, a fifth dearer for work under the ban; or all at the decision and a tenth in each year of work."""
    at = At(network(*SLOW))
    assert at.work.yearly(at["truce:2026"], at["truce:2028"])[0] == pytest.approx(0.101852 * 1.2, rel=NEAR)
    at = At(network(*SLOW, "time.capital_charge=lump_sum"))
    paid = [at.work.yearly(at["truce:2026"], at[f"truce:{year}"])[0] for year in (2026, 2027, 2028)]
    assert paid == pytest.approx([1.1, 0.1, 0.0])


CHARGE = 0.101852 * (0.824973 + 0.763864 + 0.707281)  # In service from 2028 to 2030: 1.08 to the power of -2.5 to -4.5.


def charge() -> None:
    at = At(network())
    assert at.work.charge("build-magnet-plant", at["truce:2026"]) == pytest.approx(CHARGE, rel=NEAR)


def capital() -> None:
    """20 MUSD of a start; 90 USD per kg is 0.09 MUSD per t of size."""
    made = network()
    coefficients = [CapitalCoefficients(made, family, (("build-magnet-plant", "2026"),))(made.tree.nodes[0])[0]
                    for family in ("start", "size")]  # fmt: skip
    assert coefficients == pytest.approx([20 * CHARGE, 0.09 * CHARGE], rel=NEAR)


def trapezoid() -> None:
    """It rises from 2027.5 to 2028.5: 0.5 * 0.5 / 2 in 2027, 0.5 * 0.75 + 0.5 in 2028."""
    at = controlled("kind: ban, start: 2027.5, phase_in: 1")
    degrees = [degree(at.measure("c0", f"truce:{year}"), at[f"truce:{year}"]) for year in (2026, 2027, 2028, 2029)]
    assert degrees == pytest.approx([0.0, 0.125, 0.875, 1.0])


def passing_share() -> None:
    """1 - 0.4 - 0.6 * 0.25 while the first licences are processed, then 0.6."""
    at = controlled("kind: licence, passes: 0.6, delay: 0.25, start: 2027")
    shares = [share_passing(at.measure("c0", f"truce:{year}"), at[f"truce:{year}"]) for year in (2027, 2028)]
    assert shares == pytest.approx([0.45, 0.6])


def passing_together() -> None:
    """A ban for half of the year times licences of 0.6 and 0.5."""
    at = controlled("kind: licence, passes: 0.6", "kind: licence, passes: 0.5", "kind: ban, start: 2026.5")
    node = at["truce:2026"]
    assert combined(iter(at.network.measures(node)), node) == pytest.approx(0.15)


def multiples() -> None:
    """1.4 in full, and 1.2 for half of the year."""
    at = controlled("kind: price, price: 1.4", "kind: price, price: 1.2, start: 2026.5")
    found = price_multiples(at.network, at["truce:2026"])
    assert found[routes(at.network)["CN", "magnet", "HOME"]] == pytest.approx(1.4 * 1.1)


def returns() -> None:
    """Half comes back after 2 years, a fifth after 2.5: of what is delivered in 2026, half of that fifth in 2028."""
    at = At(network())
    assert return_share([(2, 0.5), (2.5, 0.2)], at["truce:2026"], at["truce:2028"]) == pytest.approx(0.6)


def odds() -> None:
    """10 % each year: 0.1, 0.9 * 0.1, 0.81 * 0.1; a second shock of 10 % halves what is left of 1 - 0.81."""
    shock = "length: 1, latest: 2028, controls: [ban]"
    certain = ["futures.truce.probability=1", "futures.embargo.probability=0", f"shocks.a={{{shock}, hazard: 0.1}}"]
    for more, wanted in (([], [0.729, 0.1, 0.09, 0.081]), ([f"shocks.b={{{shock}, hazard: 0.1}}"], [0.531441, 0.095])):
        tree = build_tree(load(STARTER, sets=[*certain, *more]).instance)
        assert [s.probability for s in tree.scenarios][: len(wanted)] == pytest.approx(wanted)


def objective() -> None:
    """A tonne short in the embargo's first year: 500 USD per kg are 0.5 MUSD, times the node's weight."""
    program = assemble(network())
    node = At(program.network)["embargo:2028"]
    column = program.column(node, "short", ("cars", 1))
    assert program.arrays.cost[column] == pytest.approx(0.5 * 0.247492, rel=NEAR)
    start = program.column(None, "start", ("build-magnet-plant", "2026"))
    assert program.arrays.cost[start] == pytest.approx(20 * CHARGE, rel=NEAR)


def risk() -> None:
    """A quarter of the weight on CVaR leaves three quarters of every expected cost."""
    made = network("objective.risk={measure: cvar, weight: 0.25, tail: 0.3}")
    program, measure = assemble(made), made.base.objective.risk
    assert measure is not None
    total = weighed(program, measure).arrays.cost
    assert total[: len(program.cost)] == pytest.approx(0.75 * program.cost)
    assert sorted(set(total[len(program.cost) :].round(6))) == [0, 0.25, 0.583333]  # 0.25 * 0.7 / 0.3.


CASES: dict[str, Callable[[], Any]] = {
    "planner.tree.nodes:discount_factor": discounting,
    "planner.tree.nodes:Node.weight": node_weight,
    "planner.tree.builder:Builder.weigh": node_probability,
    "planner.tree.builder:_odds": odds,
    "planner.formulation.mathematics.construction:annuity_factor": annuity,
    "planner.formulation.mathematics.construction:ProjectWork.progress": progress,
    "planner.formulation.mathematics.construction:ProjectWork.technology": technology,
    "planner.formulation.mathematics.construction:ProjectWork.in_service": service,
    "planner.formulation.mathematics.construction:ProjectWork.available_share": ramp,
    "planner.formulation.mathematics.construction:ProjectWork.yearly": yearly,
    "planner.formulation.mathematics.construction:ProjectWork.charge": charge,
    "planner.formulation.mathematics.capital:CapitalCoefficients": capital,
    "planner.formulation.mathematics.control:degree": trapezoid,
    "planner.formulation.mathematics.control:share_passing": passing_share,
    "planner.formulation.mathematics.control:combined": passing_together,
    "planner.formulation.mathematics.control:price_multiples": multiples,
    "planner.formulation.mathematics.demand:return_share": returns,
    "planner.program.program:assembled": objective,
    "planner.program.risk_objective:weighed": risk,
}


@pytest.mark.parametrize("place", sorted(CASES))
def test_a_formula_gives_what_a_hand_computes(place: str) -> None:
    CASES[place]()


def test_every_formula_of_the_manual_is_compared() -> None:
    named = {block.more for page in pages() for block in play.blocks(page.text) if block.kind == "formula"}
    assert named == set(CASES)
