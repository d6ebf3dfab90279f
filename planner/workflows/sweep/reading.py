"""Reading a study: its file, the instance it names, and the factors with the places they were stated at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from planner.common.errors import InputError, Place, Problem, did_you_mean
from planner.reading.blame import dotted
from planner.reading.compose import YamlKey, YamlNode, child, compose, from_plain, plain
from planner.reading.document import Document, load
from planner.reading.files import confined, content_of, text_of
from planner.reading.override import Operator, Override, apply, split_key, targets
from planner.reading.renamed import Renamer
from planner.reading.settle import has_factors, is_full_figure, settled
from planner.workflows.sweep.factor import Factor, made
from planner.workflows.sweep.schema import Scalar, Study, Vary

MOST_BYTES = 1024 * 1024
MARKS = ("uniform", "triangular", "normal", "lognormal", "one_way", "grid", "latin_hypercube", "sobol", "morris",
         "monte_carlo", "list")  # fmt: skip


@dataclass(frozen=True)
class StudyFile:
    """A study as read: what it says, where, the instance it starts from and the factors it varies."""

    path: Path
    tree: YamlNode
    study: Study
    instance: Path
    document: Document
    factors: tuple[Factor, ...]

    def place(self, *path: YamlKey) -> Place:
        """Place of a part of the study in its file, or of the part that holds it."""
        node = self.tree
        for key in path:
            inner = child(node, key)
            if inner is None:
                break
            node = inner
        return node.place


def read_study(path: str | Path, instance: str | Path | None = None) -> StudyFile:
    """A study with its factors; InputError with all problems found, each with file and line.

    `instance` stands in for the one that the study names, which must lie in the study's directory.
    """
    file = Path(path)
    tree = _tree(file)
    try:
        study = Study.model_validate(plain(tree))
    except ValidationError as error:
        raise InputError(_problem(detail, tree) for detail in error.errors(include_url=False)) from None
    target = Path(instance) if instance is not None else _instance(file, tree)
    document = load(target, study.scenario, study.sets)
    return StudyFile(file, tree, study, target, document, tuple(_factors(tree, study, document)))


def _instance(file: Path, tree: YamlNode) -> Path:
    """The instance that a study names."""
    named = child(tree, "instance")
    assert named is not None
    target = confined(file, named, file.parent, "planner sweep STUDY --instance FILE takes one from anywhere")
    if not target.is_file():
        raise InputError([Problem("no-file", f"there is no instance {target}", named.place)])
    return target


def _tree(file: Path) -> YamlNode:
    node = compose(text_of(content_of(file, most=MOST_BYTES), str(file)), str(file))
    if node is None or not isinstance(node.value, dict):
        raise InputError([Problem("wrong-type", "a study is a mapping", Place(str(file), 1, 1))])
    return node


def _problem(detail: Any, tree: YamlNode) -> Problem:
    """A mistake in a study, at the deepest part of its place that is written."""
    node, path = tree, []
    rest = [step for step in detail["loc"] if step not in MARKS]
    while rest and (inner := child(node, rest[0])) is not None:
        node = inner
        path.append(rest.pop(0))
    label = dotted((*path, *rest)) or "the study"
    if detail["type"] == "missing":
        return Problem("missing-key", f"{dotted(tuple(path)) or 'the study'} needs {rest[-1]}", node.place)
    if detail["type"] == "extra_forbidden":
        hint = did_you_mean(path[-1], Study.model_fields) if len(path) == 1 else None
        return Problem("unknown-key", f"there is no {label} in a study", node.place, hint)
    said = str(detail.get("ctx", {}).get("error", detail["msg"]))
    return Problem("wrong-value", f"{label}: {said[:1].lower()}{said[1:]}", node.place)


def _factors(tree: YamlNode, study: Study, document: Document) -> Iterator[Factor]:
    """The factors of a study, tried once on the instance so that a wrong path is found before anything runs."""
    problems: list[Problem] = []
    found: list[Factor] = []
    sections = child(tree, "vary")
    assert sections is not None
    scratch = settled(document.tree)
    for name, part in study.vary.items():
        node = child(sections, name)
        assert node is not None
        try:
            found += _of(name, part, node, document)
        except InputError as error:
            problems += error.problems
    for factor in found:
        for override in overrides_of(factor, factor.at(1.0)):
            try:
                apply(scratch, override)
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)
    yield from found


def _of(name: str, part: Vary, node: YamlNode, document: Document) -> Iterator[Factor]:
    place = (child(node, "path") or node).place
    changes = tuple(_split(text, place, document.notes) for text in part.path)
    if part.range == "stated":
        yield from _stated(name, changes, place, document)
        return
    about = child(node, "range") or child(node, "values") or child(node, "distribution") or node
    try:
        yield made(name, changes, part, place)
    except ValueError as error:
        raise InputError([Problem("empty-range", f"vary.{name}: {error}", about.place)]) from None


def _split(text: str, place: Place, notes: list[Problem]) -> tuple[str, Operator]:
    """Path and operation of what a study varies, with a note on an old word."""
    path, operation = split_key(text)
    return Renamer(notes).path(path, place), operation


def _stated(
    name: str, changes: Sequence[tuple[str, Operator]], place: Place, document: Document
) -> Iterator[Factor]:
    """A factor for every figure on the paths that states a range; one by year has factors of 1 for ends."""
    figures = [t for path, _ in changes for t in targets(settled(document.tree), path)]
    ranged = [t for t in figures if t.node is not None and is_full_figure(t.node) and child(t.node, "low") is not None]
    if not ranged:
        message = f"vary.{name}: no figure on {', '.join(p for p, _ in changes)} states low and high"
        raise InputError([Problem("empty-range", message, place)])
    for target in ranged:
        assert target.node is not None
        low, high = (plain(child(target.node, key) or target.node) for key in ("low", "high"))
        label = name if len(ranged) == 1 else f"{name} {dotted(target.path)}"
        operation: Operator = "*=" if has_factors(target.node.entries) else "="
        if low < high:
            ends = Vary(path=[dotted(target.path)], range=(low, high))
            yield made(label, ((dotted(target.path), operation),), ends, place)


def overrides_of(factor: Factor, value: Scalar) -> Iterator[Override]:
    """Changes of the instance by a value of a factor."""
    for path, operation in factor.changes:
        yield Override(path, operation, from_plain(value, factor.place), f"study {factor.name}")
