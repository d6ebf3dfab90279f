"""The files of an instance: reading them within bounds, and following `extends` and `include`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from planner.common.errors import InputError, Place, Problem
from planner.language.old_words import OLD_EXAMPLE
from planner.reading.compose import YamlNode, compose, refuse
from planner.reading.examples import EXAMPLE, FOLDER, shipped
from planner.reading.expand import TableWords, expand
from planner.reading.renamed import Renamer, old_word
from planner.reading.settle import Settler, join, overlay
from planner.reading.spreadsheet import columns_and_rows, csv_grid, excel_grid

MOST_BYTES = 8 * 1024 * 1024
MOST_FILES = 40
PIECE = 1024 * 1024  # Bytes read at once.
FILE_WORDS = ("extends", "include")
TABLES = (".csv", ".xlsx")
TOGETHER = "keep files that name each other in one directory"


class Layer(NamedTuple):
    """Statements of one file, and the reason it was read."""

    how: str
    tree: YamlNode


class Reader:
    """Reads an instance's file and all that it extends and includes; of one that is data `given` is its tree."""

    def __init__(self, root: Path, given: YamlNode | None = None) -> None:
        self.root = root
        self.given = given
        self.directory = root.parent.resolve()
        self.files: dict[str, str] = {}
        self.layers: list[Layer] = []
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.reads = 0
        self.settler = Settler()

    def read(self) -> YamlNode:
        """The merged tree of all files, with `scenarios` still in it."""
        tree = self._chain(self.root, (), None, "file" if self.given is None else "data")
        problems = self.problems + self.settler.problems
        if problems:
            raise InputError(problems)
        return tree

    def _chain(self, path: Path, above: tuple[Path, ...], place: Place | None, how: str) -> YamlNode:
        """A file with what it includes, over what it extends."""
        node = self._load(path, above, place)
        words = self._take_words(node)
        above = (*above, path.resolve())
        base: YamlNode | None = None
        if "extends" in words:
            target = words["extends"]
            base = self._chain(self._target(path, target), above, target.place, "extends")
        tree = self._with_includes(node, path, words, above, how)
        return overlay(base, tree, self.notes) if base is not None else tree

    def _with_includes(
        self, node: YamlNode, path: Path, words: dict[str, YamlNode], above: tuple[Path, ...], how: str
    ) -> YamlNode:
        own = self.settler.settle(expand(node, lambda words: self._table(path, words), Renamer(self.notes)))
        tree: YamlNode | None = None
        listed = words["include"] if "include" in words else YamlNode(node.place, [])
        entries = listed.value if isinstance(listed.value, list) else [listed]
        for entry in entries:
            target = self._target(path, entry)
            inner = self._load(target, above, entry.place)
            inner_words = self._take_words(inner)
            if "extends" in inner_words:
                place = inner_words["extends"].place
                refuse("misplaced-key", "an included file cannot extend another", place, "use extends in the main file")
            part = self._with_includes(inner, target, inner_words, (*above, target.resolve()), "include")
            tree = part if tree is None else join(tree, part, self.problems)
        self.layers.append(Layer(how, own))
        if tree is None:
            return own
        joined = join(tree, own, self.problems)
        # The words of the file itself come first: its place is that of the whole.
        return YamlNode(own.place, joined.value)

    def _take_words(self, node: YamlNode) -> dict[str, YamlNode]:
        return {word: node.entries.pop(word) for word in FILE_WORDS if word in node.entries}

    def _target(self, path: Path, node: YamlNode) -> Path:
        """The file that a word names: `example:NAME` is shipped; others lie in the directory of the root file."""
        name = str(node.value)
        if name.startswith(OLD_EXAMPLE.old):
            name = EXAMPLE + name.removeprefix(OLD_EXAMPLE.old)
            self.notes.append(old_word(OLD_EXAMPLE, node.place))
        if name.startswith(EXAMPLE):
            return shipped(name.removeprefix(EXAMPLE), node.place)
        return self._beside(path, node)

    def _beside(self, path: Path, node: YamlNode) -> Path:
        """The file that a word names in the directory of the root file."""
        if self.given is not None and path == self.root:
            refuse("outside-directory", "an instance that is data lies in no folder in which a file could be named",
                   node.place, "read it from a file")  # fmt: skip
        return confined(path, node, self._directory(path))

    def _directory(self, path: Path) -> Path:
        """Folder that must hold all files a file names: that of the shipped instances, or that of the root file."""
        is_own = path.resolve().is_relative_to(self.directory)
        return self.directory if is_own or not path.resolve().is_relative_to(FOLDER) else FOLDER

    def _name(self, path: Path) -> str:
        """Name of a file in messages and digests: relative to its directory."""
        if path == self.root:  # It may itself be a link from elsewhere; nothing else may.
            return path.name
        directory = self._directory(path)
        relative = path.resolve().relative_to(directory).as_posix()
        return relative if directory == self.directory else f"{EXAMPLE}{relative}"

    def _load(self, path: Path, above: tuple[Path, ...], place: Place | None) -> YamlNode:
        """The tree of one file."""
        if self.given is not None and path == self.root:
            return _whole(self.given)
        shown = str(path)
        if path.resolve() in above:
            refuse("cycle", f"{path.name} is extended or included by itself", place)
        return _whole(compose(text_of(self._content(path, place), shown), shown) or YamlNode(Place(shown, 1, 1), {}))

    def _table(self, path: Path, words: TableWords) -> tuple[YamlNode, YamlNode]:
        """Columns and rows of a table of the file `path` that is in a spreadsheet."""
        named, sheet = words["file"], words.get("sheet")
        target = self._beside(path, named)
        shown, kind = str(target), target.suffix.lower()
        if kind not in TABLES or (kind == ".csv" and sheet is not None):
            refuse("wrong-choice", f"a table is a file {' or '.join(TABLES)}, with a sheet the latter", named.place)
        content = self._content(target, named.place)
        if kind == ".csv":
            return columns_and_rows(csv_grid(text_of(content, shown), shown), Place(shown, 1, 1))
        return columns_and_rows(excel_grid(content, shown, sheet, named.place), Place(shown, 1, 1))

    def _content(self, path: Path, place: Place | None) -> bytes:
        """Contents of a file of the instance; its digest is noted."""
        self.reads += 1
        content = content_of(path, place)
        self.files[self._name(path)] = hashlib.sha256(content).hexdigest()
        if self.reads > MOST_FILES:
            refuse("too-many-files", f"an instance may have {MOST_FILES} files", place)
        return content


def _whole(node: YamlNode) -> YamlNode:
    """The tree of an instance or of a part of one."""
    if not isinstance(node.value, dict):
        refuse("wrong-type", "a file is a mapping of the instance's sections", node.place)
    return node


def confined(path: Path, node: YamlNode, directory: Path, hint: str = TOGETHER) -> Path:
    """The file that a part of the file `path` names, relative to it; InputError when it lies outside a directory.

    Messages quote the contents, so the author of an instance or a study must not be able to choose any file.
    """
    name = node.value
    if not isinstance(name, str) or not name:
        refuse("wrong-type", "a file name is expected", node.place)
    if Path(name).is_absolute() or "\\" in name or "\0" in name:
        refuse("outside-directory", f"file names are relative to the file that states them: {name}", node.place, hint)
    target = path.parent / name
    if not target.resolve().is_relative_to(directory.resolve()):
        message = f"{name} lies outside the directory of {path.name}"
        refuse("outside-directory", message, node.place, hint)
    return target


def content_of(path: Path, place: Place | None = None, most: int = MOST_BYTES) -> bytes:
    """The bytes of a regular file up to a limit; InputError for anything else, such as a device or a pipe."""
    place = place or Place(str(path), 0, 0)
    try:
        if path.is_dir():
            run = path / "instance.yaml"
            hint = f"the instance of that run is {run}" if run.is_file() else "name a file in it"
            refuse("no-file", f"{path.name} is a folder, not a file", place, hint)
        if not path.is_file():
            refuse("no-file", f"there is no file {path.name}", place)
        with path.open("rb") as stream:
            content = _at_most(stream, most + 1)
    except (OSError, ValueError) as error:
        refuse("no-file", f"{path.name} cannot be read: {error}", place)
    if len(content) > most:
        refuse("too-large", f"{path.name} is larger than {most // 1024 // 1024} MB", place)
    return content


def _at_most(stream: BinaryIO, most: int) -> bytes:
    """Contents of a stream, up to `most` bytes, read in parts: one read would reserve memory for all of them."""
    content = bytearray()
    while len(content) < most and (piece := stream.read(min(PIECE, most - len(content)))):
        content += piece
    return bytes(content)


def text_of(content: bytes, shown: str) -> str:
    """UTF-8 text with or without a byte order mark; InputError with the line where it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        refuse("not-utf8", "the file is not UTF-8 text", Place(shown, line, 1))
