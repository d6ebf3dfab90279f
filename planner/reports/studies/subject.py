"""A page about answers: one sweep, frontier or set of alternatives, or one of each side by side."""

from __future__ import annotations

from collections.abc import Sequence

from planner.common import words
from planner.common.errors import InputError, Place, Problem
from planner.reports.choices import Choices
from planner.reports.studies import decisions, origin, sensitivity, tradeoff
from planner.reports.studies.answered import Answered
from planner.reports.studies.wide import BASE
from planner.reports.subject import Subject
from planner.reports.view import View, least, most

SPANS = dict.fromkeys(("spread", "tornado", "plan_map", "lead_map", "frontier", "frontier_plans", "verdicts",
                       "alternatives", "alternative_plans", "countries"), 6)  # fmt: skip
QUESTIONS = {
    sensitivity.SECTION: "What depends on the assumptions?",
    decisions.SECTION: "Which projects are built in every case?",
    tradeoff.FRONTIER: "What does security cost?",
    tradeoff.ALTERNATIVES: "Which other plans are about as good?",
    origin.SECTION: "Where do the numbers come from?",
}


def of_answers(answers: Sequence[Answered]) -> Subject:
    """InputError when two of them answer the same question, or no run of a sweep has a plan."""
    kinds = [answer.question for answer in answers]
    for answer in answers:
        if kinds.count(answer.question) > 1:
            message = f"one page shows one {answer.question}: write a page for each"
            raise InputError([Problem("too-many", message, Place(str(answer.folder), 0, 0))])
        if answer.question == "sweep" and answer.tables["runs"]["objective"].isna().all():
            raise InputError([Problem("no-plan", "no run of the study has a plan", Place(str(answer.folder), 0, 0))])
    shown: list[View] = [view for answer in answers for view in views(answer) if not view.table.empty]
    first = answers[0]
    return Subject(
        first.name, first.title, " · ".join(kinds), " ".join([_lead(first), *filter(None, map(_unfinished, answers))]),
        [figure for answer in answers for figure in headline(answer)], QUESTIONS, tuple(shown), _switches(answers),
        spans=SPANS,
    )


def views(answer: Answered) -> tuple[View, ...]:
    """Every view of an answer, in the order of the questions."""
    if answer.question == "sweep":
        return (*sensitivity.sensitivity(answer), *decisions.decisions(answer), *origin.origin(answer))
    made = tradeoff.frontier if answer.question == "frontier" else tradeoff.alternatives
    return (*made(answer), *origin.origin(answer))


def _switches(answers: Sequence[Answered]) -> Choices:
    found: Choices = {}
    for answer in answers:
        if answer.question == "sweep":
            found |= sensitivity.switches(answer) | decisions.switches(answer)
    return {name: options for name, options in found.items() if options}


def _lead(answer: Answered) -> str:
    instance = answer.manifest.get("instance")
    if answer.question == "sweep":
        scenario = answer.study.get("scenario")
        chosen = f", scenario {scenario}," if scenario else ""
        return f"Many runs of {instance}{chosen} under changed assumptions."
    return f"Plans of {instance} compared with the best one."


def _unfinished(answer: Answered) -> str:
    """That an answer ended early, and how far it had come."""
    if answer.is_complete:
        return ""
    if answer.question == "alternatives":
        return "The alternatives are not complete: they ended early, and plans and verdicts are missing or open."
    found, asked = len(answer.tables[answer.question]), answer.manifest["given"]["points"]
    return f"The {answer.question} is not complete: it ended early with {found} of {asked} points, and may go higher."


def headline(answer: Answered) -> list[tuple[str, str, str]]:
    """Key figures: value, unit, what it is."""
    if answer.question == "frontier":
        table = answer.tables["frontier"]
        unit = str(table["unit"].iloc[0])
        last = "highest level" if answer.is_complete else "highest level found before an early end"
        ends = ((least(table, "level"), "least cost"), (most(table, "level"), last))
        return [(words.amount(float(row["cost"])), unit, f"{said}: level {words.share(float(row['level']))}")
                for row, said in ends]
    if answer.question == "alternatives":
        counts = answer.tables["projects"]["verdict"].value_counts()
        return [(str(int(counts.get(v, 0))), "", f"projects {said}") for v, said in (
            ("must", "that must be built"), ("optional", "that may be"), ("never", "that never are"))]
    runs, regret = answer.tables["runs"], answer.tables["no_regret"]
    figures = answer.tables["figures"]
    own = figures[figures["figure"] == "objective"]
    base = own.loc[own["run"] == BASE, "value"]
    shown = [(f"{len(runs):,}", "", "runs"), (str(int((regret["verdict"] == "always").sum())), f"of {len(regret)}",
                                              "projects built in every run")]
    if len(base):
        shown.append((words.amount(float(base.iloc[0])), str(own["unit"].iloc[0]), "objective as the instance stands"))
    shown.append((f"{words.amount(float(own['value'].min()))} to {words.amount(float(own['value'].max()))}",
                  str(own["unit"].iloc[0]), "objective over the runs"))
    return shown
