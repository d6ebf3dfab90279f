"""Old words in files, on the line and in studies, read as the new ones: what comes after reading knows these alone."""

from __future__ import annotations

import re
from itertools import chain, repeat

from planner.common.errors import Place, Problem
from planner.language.old_words import OLD_WORDS, OldWord
from planner.reading.compose import YamlKey, YamlNode, refuse
from planner.reading.override import Override, split_key

OVERRIDES = ("scenarios.*", "futures.*.overrides", "shocks.*.overrides")  # Mappings whose keys are paths.
SECTIONS = frozenset(place.partition(".")[0] for place in (*OVERRIDES, *(word.place for word in OLD_WORDS)))


def _pattern(place: str) -> str:
    """A place as a regular expression; names may have dots."""
    return re.escape(place).replace(r"\*", ".+")


_OVERRIDES = re.compile("|".join(map(_pattern, OVERRIDES)))
_WITHIN = rf"(?:(?:{'|'.join(map(_pattern, OVERRIDES))})\.)?"  # A path may lead to what a future overrides.
_PLACES = [(word, re.compile(_WITHIN + _pattern(word.place))) for word in OLD_WORDS]
_PATHS = [(word, re.compile(rf"^({_WITHIN}{_pattern(word.place)}\.){word.old}(?=\.|$)"))
          for word in OLD_WORDS if not word.is_value]  # fmt: skip


class Renamer:
    """Reads old words as new ones and notes every place of one."""

    def __init__(self, notes: list[Problem]) -> None:
        self.notes = notes

    def tree(self, node: YamlNode, at: str = "") -> YamlNode:
        """The value at a path in new words. InputError where the same is stated in both."""
        if not _may_have(at):
            return node
        if isinstance(node.value, str):
            return YamlNode(node.place, self._word(node.value, at, node.place, is_value=True))
        if not isinstance(node.value, dict):
            return node
        entries: dict[YamlKey, YamlNode] = {}
        for key, value in node.value.items():
            name, inner = self._entry(key, at, value.place)
            if name in entries:
                refuse("duplicate-key", f"{name} is given twice, once as {key}", value.place, "take the old word away")
            entries[name] = self.tree(value, inner)
        return YamlNode(node.place, entries)

    def path(self, path: str, place: Place) -> str:
        """A path in new words."""
        for word, pattern in _PATHS:
            renamed = pattern.sub(rf"\g<1>{word.new}", path, count=1)
            if renamed != path:
                self._note(word, place)
                path = renamed
        return path

    def table(self, part: str, words: dict[YamlKey, YamlNode]) -> dict[YamlKey, YamlNode]:
        """A table of parts at a path in new words; its columns and the keys of `common` are paths within a part."""
        if not _may_have(part):
            return words
        columns = [self._column(part, column) for column in _items(words["columns"])]
        paths = [f"{part}.{column.value}" for column in columns]
        rows = [YamlNode(row.place, list(map(self.tree, _items(row), chain(paths, repeat(part)))))
                for row in _items(words["rows"])]  # fmt: skip
        renamed = {"columns": YamlNode(words["columns"].place, columns), "rows": YamlNode(words["rows"].place, rows)}
        common = words.get("common")
        if common is not None and isinstance(common.value, dict):
            fields = {self._within(part, str(key), value.place): value for key, value in common.value.items()}
            shared: dict[YamlKey, YamlNode] = {key: self.tree(value, f"{part}.{key}") for key, value in fields.items()}
            renamed["common"] = YamlNode(common.place, shared)
        return words | renamed

    def _column(self, part: str, column: YamlNode) -> YamlNode:
        if not isinstance(column.value, str):
            return column
        return YamlNode(column.place, self._within(part, column.value, column.place))

    def _within(self, part: str, path: str, place: Place) -> str:
        """A path that begins at a part in new words."""
        return self.path(f"{part}.{path}", place).removeprefix(f"{part}.")

    def override(self, override: Override) -> Override:
        """A change by path in new words."""
        path = self.path(override.path, override.value.place)
        return override._replace(path=path, value=self.tree(override.value, path))

    def _entry(self, key: YamlKey, at: str, place: Place) -> tuple[YamlKey, str]:
        """The new word for a key of a mapping, and the path of what stands under it."""
        if _OVERRIDES.fullmatch(at):
            path, operation = split_key(str(key))
            renamed = self.path(path, place)
            return (f"{renamed} {operation}" if operation != "=" else renamed) if renamed != path else key, renamed
        name = self._word(key, at, place, is_value=False) if isinstance(key, str) else key
        return name, f"{at}.{name}" if at else str(name)

    def _word(self, text: str, at: str, place: Place, *, is_value: bool) -> str:
        for word, pattern in _PLACES:
            if text == word.old and word.is_value == is_value and pattern.fullmatch(at):
                self._note(word, place)
                return word.new
        return text

    def _note(self, word: OldWord, place: Place) -> None:
        self.notes.append(old_word(word, place))


def old_word(word: OldWord, place: Place) -> Problem:
    """The note on an old word."""
    return Problem("old-word", word.said, place, f"write {word.new}")


def _items(node: YamlNode) -> list[YamlNode]:
    return node.value if isinstance(node.value, list) else []


def _may_have(at: str) -> bool:
    """Whether an old word can stand at a path or below."""
    return not at or at.partition(".")[0] in SECTIONS
