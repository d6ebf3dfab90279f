"""Report of the check: findings, counts of tests and the largest residual."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """One statement of a run that does not hold; `difference` is infinite where no number says it."""

    kind: str
    where: str
    expected: float | str
    found: float | str
    difference: float

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: expected {_text(self.expected)}, found {_text(self.found)}"


@dataclass(frozen=True)
class CheckReport:
    """Result of the check; `largest_residual` is a difference divided by 1 + the size of its terms."""

    passed: bool
    findings: tuple[Finding, ...]
    tests: Mapping[str, int]
    largest_residual: float
    largest_where: str

    def of_kind(self, kind: str) -> list[Finding]:
        """The findings of a kind, or of an area such as `plan`."""
        return [f for f in self.findings if f.kind == kind or f.kind.startswith(f"{kind}.")]

    def __str__(self) -> str:
        total = sum(self.tests.values())
        head = f"check {'passed' if self.passed else 'FAILED'}: {total} tests, {len(self.findings)} findings"
        lines = [f"{head}, largest residual {self.largest_residual:.3g}"]
        if self.largest_where:
            lines[0] += f" ({self.largest_where})"
        lines += [f"  {finding}" for finding in self.findings[:SHOWN]]
        if len(self.findings) > SHOWN:
            rest = Counter(finding.kind for finding in self.findings[SHOWN:])
            lines.append("  and " + ", ".join(f"{number} more of {kind}" for kind, number in sorted(rest.items())))
        return "\n".join(lines)


@dataclass
class Ledger:
    """Collects tests while the check runs; a test holds within `tolerance * (1 + scale)`."""

    tolerance: float
    tests: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[float, Finding]] = field(default_factory=list)
    largest: float = 0.0
    largest_where: str = ""

    def equal(self, kind: str, where: str, expected: float, found: float, scale: float = 0.0) -> None:
        """Both numbers agree."""
        self._enter(kind, where, expected, found, abs(expected - found), scale)

    def at_most(self, kind: str, where: str, limit: float, found: float, scale: float = 0.0) -> None:
        """The number found does not exceed the limit."""
        if limit < math.inf:
            self._enter(kind, where, limit, found, max(0.0, found - limit), scale)

    def at_least(self, kind: str, where: str, limit: float, found: float, scale: float = 0.0) -> None:
        """The number found does not fall short of the limit."""
        self._enter(kind, where, limit, found, max(0.0, limit - found), scale)

    def same(self, kind: str, where: str, expected: str, found: str) -> None:
        """Both texts agree."""
        self.tests[kind] += 1
        if expected != found:
            self.fault(kind, where, expected, found)

    def fault(self, kind: str, where: str, expected: float | str, found: float | str) -> None:
        """Enter something wrong that no difference of numbers describes."""
        self.faults.append((math.inf, Finding(kind, where, expected, found, math.inf)))

    def _enter(self, kind: str, where: str, expected: float, found: float, difference: float, scale: float) -> None:
        self.tests[kind] += 1
        residual = difference / (1 + max(scale, abs(expected), abs(found)))
        if math.isnan(residual):
            self.fault(kind, where, expected, found)
            return
        if residual > self.largest:
            self.largest, self.largest_where = residual, f"{kind}: {where}"
        if residual > self.tolerance:
            self.faults.append((residual, Finding(kind, where, expected, found, difference)))

    def report(self) -> CheckReport:
        """The findings, worst first."""
        ordered = sorted(self.faults, key=lambda fault: (-fault[0], fault[1].kind, fault[1].where))
        findings = tuple(finding for _, finding in ordered)
        return CheckReport(not findings, findings, dict(self.tests), self.largest, self.largest_where)


def listed(names: Iterable[str]) -> str:
    """Names as one text, sorted."""
    return ";".join(sorted(names))


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.9g}"
