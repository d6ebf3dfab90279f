"""Section "Where do the numbers come from?": varied inputs, outcome of every run, versions and digests."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from planner.common import words
from planner.reports.studies.answered import Answered
from planner.reports.view import View

SECTION = "origin"


def origin(answer: Answered) -> tuple[View, ...]:
    own = (_varied(answer), _runs(answer)) if answer.question == "sweep" else ()
    return (*own, _identity(answer))


def _varied(study: Answered) -> View:
    rows = [(name, "; ".join(part["path"]), _values(part)) for name, part in study.study["vary"].items()]
    table = pd.DataFrame(rows, columns=["input", "path", "values"])
    design = study.study["design"]
    settings = ", ".join(f"{key} {value}" for key, value in design.items() if key != "kind" and value)
    said = f"{words.count(len(table), 'input')} by the design {words.plain(design['kind'])}" + (
        f" ({settings})" if settings else "") + f"; {words.count(len(study.tables['runs']), 'run')}"
    kind = "linear relaxations: plans may build in parts" if study.study["relaxation"] else "whole plans"
    return View("varied", SECTION, "Varied inputs", f"{said}, {kind}.", table,
                {"input": "input", "path": "where in the instance", "values": "values"}, drawing="table",
                extra={"open": True})


def _values(part: dict[str, Any]) -> str:
    if part["values"] is not None:
        return words.listed([str(value) for value in part["values"]])
    if part["range"] == "stated":
        return "every figure between its stated low and high"
    if part["range"] is not None:
        return f"{part['range'][0]:g} to {part['range'][1]:g}"
    return ", ".join(f"{key} {value}" for key, value in part["distribution"].items() if value is not None)


def _runs(study: Answered) -> View:
    table = study.tables["runs"]
    counts = table["status"].value_counts()
    said = words.listed([f"{int(number)} {status}" for status, number in counts.items()])
    again = int((table["again"].notna() & (table["again"].astype(str) != "")).sum())
    twice = f" {words.count(again, 'run')} solved again from scratch to compare." if again else ""
    return View("runs", SECTION, "Outcome of every run", f"{said[:1].upper()}{said[1:]}.{twice}", table,
                {"run": "run", "seed": "seed", "status": "status", "reason": "reason", "gap": "gap",
                 "objective": "objective", "tests_passed": "tests passed", "again": "objective from scratch"},
                drawing="table")


def _identity(answer: Answered) -> View:
    manifest = answer.manifest
    known = [("question", answer.question), ("instance", manifest.get("instance")),
             ("run", manifest.get("run_sha256")), ("instance digest", manifest.get("instance_sha256"))]
    given = manifest.get("given", {}) | (answer.study.get("options") or {}) | manifest.get("options", {})
    known += [(f"option {key}", json.dumps(value)) for key, value in sorted(given.items()) if value is not None]
    known += [(f"version of {name}", version) for name, version in sorted(manifest.get("versions", {}).items())]
    table = pd.DataFrame([row for row in known if row[1] is not None], columns=["what", "value"])
    digest = str(manifest.get("run_sha256"))[:8]
    return View(f"{answer.question}_run", SECTION, f"The {answer.question}",
                f"Digest {digest}; the same input, seed and versions give the same tables.",
                table, {"what": "", "value": ""}, drawing="table")
