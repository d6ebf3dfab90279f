"""Check of the security requirements: what they demand against what the tables achieve."""

from __future__ import annotations

from planner.check.amounts import Amounts
from planner.check.capacity import Capacity
from planner.check.capital import Decision
from planner.check.case import Case
from planner.check.security.cover import Covers
from planner.check.security.flows import Flows
from planner.check.security.money import check_budget
from planner.check.security.row import Book
from planner.check.security.users import Users
from planner.language.requirements import (
    Budget,
    Chance,
    Cover,
    Dependence,
    ExpectedUnserved,
    Leverage,
    OfSupply,
    Recover,
    Served,
    Sharing,
    Survive,
    Tail,
)


def check_requirements(case: Case, amounts: Amounts, capacity: Capacity, decisions: list[Decision]) -> Book:
    """Every requirement holds but for its stated violation; those on costs wait until these are known."""
    book = Book(case)
    users, flows, covers = Users(case, amounts, book), Flows(case, amounts, book), Covers(case, amounts, capacity, book)
    for name, part in case.base.requirements.items():
        match part:
            case Served() | Survive() | Recover():
                users.served(name, part)
            case Sharing():
                users.sharing(name, part)
            case ExpectedUnserved():
                users.expected(name, part)
            case Tail(of="unserved"):
                users.tail(name, part)
            case Leverage():
                users.leverage(name, part)
            case Chance():
                users.chance(name, part)
            case Dependence():
                flows.dependence(name, part)
            case OfSupply():
                flows.supply(name, part)
            case Cover():
                covers.check(name, part)
            case Budget():
                check_budget(case, decisions, book, name, part)
    covers.close()
    return book
