"""Check of the scenarios' table, and of the objective as the risk measure weighs them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from planner.check.case import Case
from planner.check.cost import Costs
from planner.check.horizon import TINY, Scenario
from planner.check.reading import branch
from planner.language.instance import Risk
from planner.language.requirements import Regret


@dataclass(frozen=True)
class ScenarioCost:
    """A scenario with its total cost, the sum of that cost's sizes, and what its row states."""

    name: str
    scenario: Scenario
    cost: float
    size: float
    weight: float
    alone: float

    @property
    def excess(self) -> float:
        """Cost above that of the best plan for this scenario alone."""
        return self.cost - self.alone


def check_objective(case: Case, costs: Costs, objective: float) -> None:
    """Every scenario is listed with its chance and cost; weighed by the measure they give the objective."""
    outcomes = _outcomes(case, costs)
    expected = math.fsum(costs.discounted.values())
    size = math.fsum(map(abs, costs.discounted.values()))
    risk, sign = case.base.objective.risk, -1.0 if case.base.objective.sense == "maximise" else 1.0
    total, scale = expected, size
    if risk is not None:
        total = (1 - risk.weight) * expected + risk.weight * measure(case, risk, outcomes)
        scale = max([size, *(outcome.size for outcome in outcomes)])
    case.ledger.equal("objective.reported", "reported objective", sign * total, objective, scale)
    if not math.isnan(total):
        _check_weights(case, risk, outcomes, total, scale)


def _outcomes(case: Case, costs: Costs) -> list[ScenarioCost]:
    """Every scenario with its cost, each compared with its row of the table."""
    table = case.tables["scenarios"]
    columns = ("scenario", "future", "onset", "probability", "low", "high", "cost", "weight", "alone")
    rows = {name: row for name, *row in table.rows(*columns)}
    outcomes = []
    for scenario in case.horizon.scenarios:
        name = scenario_name(case, scenario)
        parts = [share * costs.certain.get(node, 0.0) for node, share in scenario.shares.items()]
        cost, size = math.fsum(parts), math.fsum(map(abs, parts))
        row = rows.pop(name, None)
        weight, alone = math.nan, math.nan
        if row is None:
            case.ledger.fault("scenario.missing", name, "a row", "nothing")
        else:
            *_, weight, alone = row
        outcome = ScenarioCost(name, scenario, cost, size, weight, alone)
        if row is not None:
            _check_row(case, outcome, row)
        outcomes.append(outcome)
    for name in rows:
        case.unknown("scenarios", name)
    return outcomes


def scenario_name(case: Case, scenario: Scenario) -> str:
    """A future's own name, or that of the window, and the future that follows it where more than one may."""
    window = scenario.window
    if window is None:
        return scenario.future
    name = case.horizon.labels[window.nodes[-1]].rpartition(":")[0]
    return name if len(window.hung.futures) == 1 else f"{name} then {scenario.future}"


def _check_row(case: Case, outcome: ScenarioCost, row: Sequence[float | str]) -> None:
    scenario, name, ledger = outcome.scenario, outcome.name, case.ledger
    future, onset, probability, low, high, cost = row[:6]
    ledger.same("scenario.future", name, branch(scenario.future), str(future))
    begins = scenario.window.hung.start if scenario.window is not None else math.nan
    stated = float(onset)
    if math.isnan(begins) != math.isnan(stated):
        ledger.fault("scenario.onset", name, str(begins), str(stated))
    elif not math.isnan(begins):
        ledger.equal("scenario.onset", name, begins, stated)
    for kind, wanted, found in (("probability", scenario.probability, probability), ("low", scenario.low, low),
                                ("high", scenario.high, high)):
        ledger.equal(f"scenario.{kind}", name, wanted, float(found))
    ledger.equal("scenario.cost", name, outcome.cost, float(cost), outcome.size)
    risk = case.base.objective.risk
    regretted = any(isinstance(part, Regret) for part in case.base.requirements.values())
    needs_alone = regretted or (risk is not None and risk.measure == "regret")
    if needs_alone == math.isnan(outcome.alone):
        ledger.fault("scenario.alone", name, "a cost" if needs_alone else "blank", str(outcome.alone))


def measure(case: Case, risk: Risk, outcomes: Sequence[ScenarioCost]) -> float:
    """Value of the risk measure for the scenarios' costs."""
    if risk.measure == "worst":
        return max(outcome.cost for outcome in outcomes)
    if risk.measure == "regret":
        return max(outcome.excess for outcome in outcomes)
    ordered = sorted(outcomes, key=lambda outcome: -outcome.cost)
    if risk.measure == "cvar":
        return _fill(ordered, [0.0] * len(ordered), [o.scenario.probability / risk.tail for o in ordered])
    low, high = [o.scenario.low for o in ordered], [o.scenario.high for o in ordered]
    if not math.fsum(low) - TINY <= 1 <= math.fsum(high) + TINY:
        sums = f"{math.fsum(low):g} to {math.fsum(high):g}"
        case.ledger.fault("objective.intervals", "ranges of all scenarios", "probabilities that may add to 1", sums)
    return _fill(ordered, low, high)


def _fill(ordered: Sequence[ScenarioCost], low: Sequence[float], high: Sequence[float]) -> float:
    """The dearest distribution of probability within bounds: the dearest scenarios are filled first."""
    left, parts = 1 - math.fsum(low), []
    for outcome, least, most in zip(ordered, low, high, strict=True):
        extra = max(0.0, min(left, most - least))
        left -= extra
        parts.append((least + extra) * outcome.cost)
    return math.fsum(parts)


def _check_weights(case: Case, risk: Risk | None, outcomes: Sequence[ScenarioCost], total: float, scale: float) -> None:
    """The weights are probabilities that the measure allows, and reproduce the objective."""
    share = risk.weight if risk is not None else 0.0
    sums, parts = [], []
    for outcome in outcomes:
        if math.isnan(outcome.weight):
            return  # The row is missing, and a finding as such.
        scenario = outcome.scenario
        # Share of the measure, after that of the expected cost.
        own = outcome.weight - (1 - share) * scenario.probability
        low, high = _bounds(risk, scenario)
        case.ledger.at_least("scenario.weight", outcome.name, share * low, own)
        case.ledger.at_most("scenario.weight", outcome.name, share * high, own)
        sums.append(outcome.weight)
        parts.append(outcome.weight * outcome.cost)
        if risk is not None and risk.measure == "regret":
            parts.append(-own * outcome.alone)
    case.ledger.equal("scenario.weight", "sum of all scenarios", 1.0, math.fsum(sums))
    case.ledger.equal("scenario.weight", "weighed cost of all scenarios", total, math.fsum(parts), scale)


def _bounds(risk: Risk | None, scenario: Scenario) -> tuple[float, float]:
    """Least and most probability that the measure may give a scenario."""
    if risk is None or risk.measure in ("worst", "regret"):
        return 0.0, 1.0
    if risk.measure == "cvar":
        return 0.0, scenario.probability / risk.tail
    return scenario.low, scenario.high
