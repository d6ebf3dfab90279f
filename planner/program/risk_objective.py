"""Weigh the scenarios of a program: from least expected cost to the risk measure the instance asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from planner.formulation.mathematics import risk
from planner.language.instance import Risk
from planner.program.appending import appended
from planner.program.program import Program


def weighed(program: Program, measure: Risk, alone: Mapping[str, float] | None = None) -> Program:
    r"""The program whose objective weighs expected cost against a measure of risk.

    .. math:: \min\; (1 - \lambda) \sum_s p_s\, scenario\_cost_s + \lambda\, risk

    Behind it come the cost of every node and scenario and the measure's own variables.
    """
    chapter, weight = risk.chapter(program.network, measure, alone or {}), measure.weight
    both, own = appended(program, chapter)
    cost = np.append((1 - weight) * program.cost, weight * own)
    return replace(
        program, given=replace(both, cost=cost, offset=(1 - weight) * program.offset),
        expected=np.append(program.cost, np.zeros(len(own))), expected_offset=program.offset, weighing=chapter,
        alone=alone or {},
    )
