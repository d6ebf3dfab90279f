"""The reference's view of work under way: when a project is commissioned, what it gives, what more it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from planner.language.instance import Project
from tests.reference_model.tree import MOMENT, Node, overlap


@dataclass
class Step:
    """A node that work passes through: how long the project takes there, how fast and how dear work is."""

    node: Node
    lead_time: float
    pace: float
    dearer: float


@dataclass
class Work:
    """Work on a project up to the end of the last step: `surcharge` in all, `increment` in that last step."""

    commissioned: float
    surcharge: float
    increment: float


def work_until(steps: list[Step]) -> Work:
    """Work on a project along a path, from the node of its decision."""
    work, done = Work(math.inf, 0.0, 0.0), 0.0
    for step in steps:
        work.increment = 0.0
        if work.commissioned < math.inf:
            continue
        progress, left = step.pace * step.node.length, step.lead_time - done
        if step.lead_time > 0:
            work.increment = min(progress, max(0.0, left)) / step.lead_time * step.dearer
        elif step is steps[0]:
            work.increment = step.dearer
        work.surcharge += work.increment
        if done + progress >= step.lead_time - MOMENT:
            work.commissioned = step.node.start + (left / step.pace if left > MOMENT else 0.0)
        done += progress
    return work


def in_service(project: Project, commissioned: float, node: Node) -> float:
    """Share of the node within the life of a project."""
    if commissioned == math.inf:
        return 0.0
    return overlap(commissioned, commissioned + project.life, node.start, node.end) / node.length


def availability(project: Project, commissioned: float, node: Node) -> float:
    """Mean share of the project's size that is available in the node: ramp, then all of it, until the end of life."""
    if commissioned == math.inf:
        return 0.0
    closed = commissioned + project.life
    years = 0.0
    for year, share in enumerate(project.ramp):
        opened = commissioned + year
        years += share * overlap(opened, min(opened + 1, closed), node.start, node.end)
    years += overlap(commissioned + len(project.ramp), closed, node.start, node.end)
    return years / node.length
