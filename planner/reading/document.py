"""A document: an instance as read from its files, changed by scenario and `--set`, with its places and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from planner.common.errors import InputError, Place, Problem, did_you_mean
from planner.common.identity import distinct
from planner.common.patterns import fits
from planner.language.figure import FieldPath
from planner.language.instance import Instance
from planner.reading.compose import YamlKey, YamlNode, child, plain, refuse
from planner.reading.data import ROOT, tree_of
from planner.reading.dump import digest, written_yaml
from planner.reading.examples import EXAMPLE, shipped
from planner.reading.files import Layer, Reader
from planner.reading.form import instance_of
from planner.reading.override import (
    Change,
    Override,
    apply_all,
    lost_ranges,
    nearest,
    read_mapping,
    read_set,
    targets,
)
from planner.reading.places import as_written, place_of, stated, texts
from planner.reading.provenance import figure_problems
from planner.reading.renamed import Renamer
from planner.reading.settle import find, overlay, settled, settled_where
from planner.reading.variant import variant_problems

FUTURES = ("futures", "shocks", "controls", "sources")  # What a file of futures may hold.


class Statement(NamedTuple):
    """Statement of one place about a path, and the way it was read."""

    place: Place
    value: object
    how: str


class _Variant(NamedTuple):
    """The instance that holds in a future, and what its overrides changed."""

    instance: Instance
    changes: list[Change]


class _Base(NamedTuple):
    """A document that another one differs from only in some sections, given by the first words of paths."""

    document: Document
    heads: tuple[str, ...]

    def touches(self, section: str) -> bool:
        # Figures by period hold for the periods that they were read with.
        return any(fits(head, section) or fits(head, "time") for head in self.heads)

    def plain(self, section: str) -> Any:
        """A section without the overrides of futures, if it is the same in both documents."""
        return None if self.touches(section) else getattr(self.document.before_futures, section, None)

    def section(self, future: str, section: str) -> Any:
        """A section in a future or shock, if it is the same in both documents: futures may override any."""
        if self.touches(section) or self.touches("futures") or self.touches("shocks"):
            return None
        variant = self.document._variants.get(future)
        return getattr(variant.instance, section, None) if variant is not None else None


def _heads(document: Document, overrides: list[Override]) -> _Base:
    """The document, of which overrides change these sections."""
    return _Base(document, tuple(dict.fromkeys(override.path.partition(".")[0] for override in overrides)))


class _Readable(Protocol):
    """Reader that gives the tree of an instance with `scenarios` in it, and its places."""

    layers: list[Layer]
    notes: list[Problem]
    files: dict[str, str]

    def read(self) -> YamlNode: ...


class Document:
    """An instance with where every part of it was stated. Make one with `load`.

    `instance` is the one that holds in the first future, what that changes included; `before_futures` is without it.
    """

    def __init__(
        self, path: Path, tree: YamlNode, layers: list[Layer], changes: list[Change], base: _Base | None = None
    ) -> None:
        self.path = path
        self.files: dict[str, str] = {}
        self._tree = tree
        self.layers = layers
        self._changes = changes
        self._variants: dict[str, _Variant] = {}
        self._overridden: tuple[str, YamlNode] | None = None
        self.notes: list[Problem] = []
        self.scenario: str | None = None
        self.sets: tuple[str, ...] = ()
        self._scenarios: dict[str, list[Override]] = {}
        self._stated_scenarios: YamlNode | None = None
        self._unchanged = tree
        self._spare: set[str] = set()
        self.borrowed = False
        self._base = base
        self._plain: _Variant = self._make(tree, [], base.plain if base is not None else lambda _: None)
        self.futures: list[str] = list(self.before_futures.futures)
        self.sources: list[str] = list(dict.fromkeys([*self.futures, *self.before_futures.shocks]))
        self._make_variants()
        self.instance: Instance = self.variant(self.futures[0])

    @property
    def tree(self) -> YamlNode:
        """The resolved instance with the place of every part."""
        return self._tree

    @property
    def before_futures(self) -> Instance:
        """The instance before futures and shocks override anything: the one to change in Python and to load again."""
        return self._plain.instance

    def read(self) -> YamlNode:
        """The tree with the scenarios that can still be chosen, to be changed further."""
        entries = self._tree.entries
        if self._stated_scenarios is not None:
            entries = entries | {"scenarios": self._stated_scenarios}
        return YamlNode(self._tree.place, entries)

    def variant(self, future: str) -> Instance:
        """The instance whose figures hold in a future, or in the window of a shock."""
        return self._variants[future].instance

    def instances(self) -> dict[str, Instance]:
        """The instance of every future and then of every shock, in order."""
        return {source: self.variant(source) for source in self.sources}

    def place(self, path: FieldPath, future: str | None = None) -> Place:
        """Place where a path is stated, or its nearest stated ancestor; attribute names may stand for YAML keys.

        With a future, its override of the path or of something below it, if it has one.
        """
        if future is None:
            return place_of(self._tree, path)
        tree = self._tree_of(future)
        written_path = as_written(tree, path)
        changes = self._variants[future].changes
        below_it = [change for change in changes if change.path[: len(path)] == written_path]
        return below_it[-1].place if below_it else place_of(tree, path)

    def _tree_of(self, future: str) -> YamlNode:
        """The tree of a future; made anew when it is asked for, as that of many futures would fill the memory."""
        if self._variants[future] is self._plain:
            return self._tree
        if self._overridden is None or self._overridden[0] != future:
            self._overridden = (future, self._changed_tree(self._overrides(future))[0])
        return self._overridden[1]

    def resolved(self) -> dict[str, Any]:
        """The instance as one plain tree, with every file, scenario and `--set` applied."""
        tree = plain(self._tree)
        assert isinstance(tree, dict)
        return tree

    def resolved_text(self) -> str:
        """The resolved instance as YAML that can be read again."""
        return written_yaml(self.resolved())

    @property
    def sha256(self) -> str:
        """Digest of the resolved instance; independent of the order of keys, but for that of the futures."""
        return digest({"instance": self.resolved(), "futures": self.futures})

    def why(self, path: str | FieldPath) -> list[Statement]:
        """Every statement that touched a path, in the order in which they count."""
        wanted = self._parsed(path) if isinstance(path, str) else as_written(self._tree, path)
        history: list[Statement] = []
        for layer in self.layers:
            node = stated(layer.tree, wanted)
            if node is not None:
                history.append(Statement(node.place, plain(node), layer.how))
        changes = self._changes + [c for variant in distinct(self._variants.values()) for c in variant.changes]
        for change in changes:
            shared = min(len(change.path), len(wanted))
            if change.path[:shared] == wanted[:shared]:
                history.append(Statement(change.place, change.value, change.how))
        return history

    def _parsed(self, path: str) -> tuple[YamlKey, ...]:
        path = Renamer([]).path(path, self._tree.place)
        found = [target for target in targets(self._tree, path) if target.node is not None]
        if not found:
            refuse("unknown-path", f"{path} matches nothing", None, nearest(self._tree, path))
        return found[0].path

    def _make(self, tree: YamlNode, changes: list[Change], known: Callable[[str], Any] = lambda _: None) -> _Variant:
        """The instance of a tree; a section that is `known` is taken as it is, already validated."""
        given = {name: known(name) for name in Instance.model_fields}
        sections = {name: section for name, section in given.items() if section is not None}
        instance = instance_of(tree, sections)
        problems = list(figure_problems(instance, lambda path: place_of(tree, path), lambda name: name not in sections))
        if problems:
            raise InputError(problems)
        return _Variant(instance, changes)

    def _make_variants(self) -> None:
        """The variants of all futures and shocks; those without overrides share one."""
        problems: list[Problem] = []
        for name in self.sources:
            try:
                self._variants[name] = self._variant(name)
            except InputError as error:
                problems += error.problems
        if not problems:
            problems = list(variant_problems(self.before_futures, self._variants))
        if problems:
            raise InputError(problems)

    def _variant(self, name: str) -> _Variant:
        overrides = self._overrides(name)
        if not overrides:
            return self._plain
        heads = _heads(self, overrides)
        tree, changes = self._changed_tree(overrides)

        def known(section: str) -> Any:
            if not heads.touches(section):
                return getattr(self.before_futures, section, None)
            return self._base.section(name, section) if self._base is not None else None

        return self._make(tree, changes, known)

    def _changed_tree(self, overrides: list[Override]) -> tuple[YamlNode, list[Change]]:
        """The tree with overrides carried out; sections that they do not name are shared."""
        heads = _heads(self, overrides)
        tree = settled_where(self._tree, heads.touches)
        changes = apply_all(tree, overrides)
        return settled_where(tree, heads.touches), changes

    def _overrides(self, name: str) -> list[Override]:
        """Changes of a future; for a shock, its changes on top of the future it comes from."""
        if name in self.before_futures.futures:
            return self._stated_overrides("futures", name)
        origin = self.before_futures.shocks[name].comes_from or self.futures[0]
        return self._stated_overrides("futures", origin) + self._stated_overrides("shocks", name)

    def _stated_overrides(self, section: str, name: str) -> list[Override]:
        node = find(self._tree, (section, name, "overrides"))
        return read_mapping(node, f"{section[:-1]} {name}") if node is not None and node.value else []

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios that may be chosen."""
        return list(self._scenarios)

    def changed(self, sets: Sequence[str]) -> Document:
        """The same document with more overrides, as if they stood last on the line.

        Its files are not read again, and sections that the overrides do not name are this document's own, already
        validated.
        """
        notes = list(self.notes)
        more = _read_sets(sets, notes)
        tree, new = self._changed_tree(more)
        document = Document(self.path, tree, self.layers, self._changes + new, _heads(self, more))
        document.notes = [*notes, *lost_ranges(new)]
        document.files, document.scenario, document.sets = self.files, self.scenario, (*self.sets, *sets)
        # The scenarios were examined with this document; what they mention counts there as well.
        document._unchanged, document._spare, document.borrowed = tree, self.mentioned_elsewhere(), self.borrowed
        document._stated_scenarios = self._stated_scenarios
        return document

    def scenario_problems(self) -> list[Problem]:
        """Paths in the scenarios, chosen or not, that match nothing."""
        problems: list[Problem] = []
        for overrides in self._scenarios.values() if not self.borrowed else ():
            try:
                apply_all(settled_where(self._unchanged, _heads(self, overrides).touches), overrides)
            except InputError as error:
                problems += error.problems
        return problems

    def mentioned_elsewhere(self) -> set[str]:
        """Every text that a scenario may put into the instance, and controls that other futures had."""
        found = set(self._spare)
        for override in (o for overrides in self._scenarios.values() for o in overrides):
            found |= texts(plain(override.value))
        return found


AnyInstance = str | Path | Mapping[str, Any] | Instance | Document


def load(
    instance: AnyInstance, scenario: str | None = None, sets: Sequence[str] = (), on: AnyInstance | None = None,
    borrowed: bool = False,
) -> Document:
    """Read an instance: base < extends < scenario < sets. InputError with all problems found.

    It is a file (of a shipped one `example:NAME`), a mapping of what a file would say, the model object, or a document
    that is changed further. The model object of a document is its `before_futures`: in any other one overrides of a
    future are carried out already, and would be once more. With `on`, the futures and shocks of that file take the
    place of the instance's, and its controls are added. An instance is `borrowed` for other futures than it was written
    for: what it says of futures need not apply.
    """
    before = instance if isinstance(instance, Document) else None
    if before is not None and scenario is None and not sets and on is None and (before.borrowed or not borrowed):
        return before
    root, reader = _readable(instance)
    merged = reader.read()
    scenarios = merged.entries.get("scenarios")
    body = YamlNode(merged.place, {key: node for key, node in merged.entries.items() if key != "scenarios"})
    spare = (_controls(body) if borrowed else set()) | (before.mentioned_elsewhere() if before else set())
    files, notes = dict(reader.files), list(reader.notes)
    if on is not None:
        _, other = _readable(on)
        body = _with_futures(body, other.read())
        files |= {f"on:{name}": digest for name, digest in other.files.items()}
        notes += other.notes
    tree = settled(body)
    known = _scenarios(scenarios)
    overrides = _chosen(known, scenario, scenarios or merged) + _read_sets(sets, notes)
    changes = apply_all(tree, overrides)
    document = Document(root, settled(tree), reader.layers, (before._changes if before else []) + changes)
    document.notes = [*notes, *lost_ranges(changes)]
    document.files = dict(sorted(files.items()))
    document.scenario = scenario or (before.scenario if before else None)
    document.sets = (*(before.sets if before else ()), *sets)
    document._stated_scenarios, document._scenarios, document._unchanged = scenarios, known, body
    document._spare, document.borrowed = spare, borrowed or (before is not None and before.borrowed)
    return document


def _read_sets(sets: Sequence[str], notes: list[Problem]) -> list[Override]:
    """Overrides as written after `--set`, with a note on every old word."""
    return [Renamer(notes).override(read_set(text)) for text in sets]


def _readable(instance: AnyInstance) -> tuple[Path, _Readable]:
    """Path of an instance, and its reader."""
    if isinstance(instance, Document):
        return instance.path, instance
    if isinstance(instance, str | Path):
        name = str(instance)
        root = shipped(name.removeprefix(EXAMPLE)) if name.startswith(EXAMPLE) else Path(instance)
        return root, Reader(root)
    return Path(ROOT), Reader(Path(ROOT), tree_of(instance))


def _with_futures(body: YamlNode, other: YamlNode) -> YamlNode:
    """The instance with the futures of another file."""
    for key, node in other.entries.items():
        if key not in FUTURES:
            hint = f"it has {', '.join(FUTURES)}"
            refuse("unknown-key", f"{key} does not belong in a file of futures", node.place, hint)
    if "futures" not in other.entries:
        refuse("missing", "a file of futures needs futures", other.place)
    sections = {key: node for key, node in body.entries.items() if key not in ("shocks", "sampling")}
    for key, node in other.entries.items():
        is_added = key in ("controls", "sources") and key in sections
        sections[key] = overlay(sections[key], node) if is_added else node
    return YamlNode(body.place, sections)


def _controls(body: YamlNode) -> set[str]:
    controls = child(body, "controls")
    return set(map(str, controls.value)) if controls is not None and isinstance(controls.value, dict) else set()


def _scenarios(node: YamlNode | None) -> dict[str, list[Override]]:
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        refuse("wrong-type", "scenarios: a mapping from name to overrides is expected", node.place)
    return {str(key): read_mapping(value, f"scenario {key}") for key, value in node.value.items()}


def _chosen(known: dict[str, list[Override]], name: str | None, node: YamlNode) -> list[Override]:
    if name is None:
        return []
    if name not in known:
        hint = did_you_mean(name, known) or (f"it has {', '.join(known)}" if known else None)
        refuse("unknown-scenario", f"there is no scenario {name}", node.place, hint)
    return known[name]
