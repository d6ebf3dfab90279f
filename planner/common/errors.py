"""Problems of an input: a place, a short code, a sentence and, where possible, the remedy."""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

PRINTED, LONGEST = 25, 2000  # Problems that are told at most, and characters of one.


class Place(NamedTuple):
    """Place of a statement; line 0 means that the statement is not in a file (such as `--set`)."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Problem(NamedTuple):
    """One mistake of an input."""

    code: str
    message: str
    place: Place | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = f"{self.place} " if self.place else ""
        said = f"{where}{self.code} {self.message}" + (f" - {self.hint}" if self.hint else "")
        said = said.replace("\n", "?")  # One line each: a name with a line break in it is no other problem.
        return said if len(said) <= LONGEST else f"{said[:LONGEST]}..."


class NoAnswerError(Exception):
    """A question that needs the best plan of a problem that has none, or whose search was stopped (`status`)."""

    def __init__(self, message: str, status: str) -> None:
        super().__init__(f"{message} ({status})")
        self.status = status


class WorkerLostError(Exception):
    """A process, rank or machine that did a part of the work is gone, and its jobs with it."""


class InputError(Exception):
    """An input that cannot be used, with every problem found in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)
        self.problems: list[Problem] = sorted(unique, key=_order)
        super().__init__(str(self))

    def __str__(self) -> str:
        places = Counter(map(_said, self.problems))
        first = {_said(problem): problem for problem in reversed(self.problems)}  # Where each is met first.
        lines = []
        for problem in sorted(first.values(), key=_order)[:PRINTED]:
            more = places.pop(_said(problem)) - 1
            where = "place" if more == 1 else "places"
            lines.append(f"{problem} (and in {more} more {where})" if more else str(problem))
        if rest := places.total():
            lines.append(f"... and {rest} more problems")
        return "\n".join(lines)


def _said(problem: Problem) -> Problem:
    """The problem without its position in a file: a slip that many futures repeat is reported once."""
    return problem._replace(place=problem.place and problem.place._replace(line=0, column=0))


def _order(problem: Problem) -> tuple[bool, Place, str, str]:
    return (problem.place is None, problem.place or Place("", 0, 0), problem.code, problem.message)


def extra_hint(extra: str | None) -> str:
    """Hint to install an extra of the planner, which is not on a package index."""
    return f"in the planner's folder: pip install -c constraints.txt -e '.[{extra}]'"


def closest(word: object, options: Iterable[object]) -> str | None:
    """The option that a mistyped word most likely means."""
    names = [str(option) for option in options]
    lowered = {name.lower(): name for name in reversed(names)}
    found = difflib.get_close_matches(str(word).lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(word: object, options: Iterable[object], prefix: str = "") -> str | None:
    """The hint `did you mean X?`, if an option is near enough."""
    near = closest(word, options)
    if near is not None and near != str(word) and _looks(near) == _looks(str(word)):
        return f"{prefix}{near} looks the same but has other characters, such as a special space: copy it"
    return f"did you mean {prefix}{near}?" if near is not None else None


def _looks(word: str) -> str:
    """A word without differences that are not seen, such as composed letters or the kind of space."""
    return " ".join(unicodedata.normalize("NFKC", word).split())
