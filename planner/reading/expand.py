"""Tables: many parts of one section written as rows, here or in a spreadsheet, turned into ordinary entries."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from planner.common.errors import InputError, Problem, did_you_mean
from planner.reading.compose import YamlKey, YamlNode, child, refuse
from planner.reading.grammar import INSTANCE, Shape, below, narrowed
from planner.reading.renamed import Renamer
from planner.reading.settle import is_only_provenance, is_year_table, overlay, settled

TABLE_WORDS = ("columns", "rows", "common", "name", "file", "sheet")
_SLOT = re.compile(r"\{([^{}]*)\}")


TableWords = dict[YamlKey, YamlNode]
Fetch = Callable[[TableWords], tuple[YamlNode, YamlNode]]  # Columns and rows of a table that is in a file of its own.


def expand(tree: YamlNode, fetch: Fetch, renamer: Renamer) -> YamlNode:
    """The tree of a file with the tables of every section written out, in new words."""
    if not isinstance(tree.value, dict):
        return tree
    problems: list[Problem] = []
    expanded: dict[YamlKey, YamlNode] = {}
    for key, section in tree.value.items():
        shape = below(INSTANCE, key)
        has_table = isinstance(section.value, dict) and ("table" in section.value or "tables" in section.value)
        is_section = shape.kind == "map" and shape.item is not None and shape.item.kind in ("model", "either")
        words_of = partial(_words, part=f"{key}.*", fetch=fetch, renamer=renamer)
        expanded[key] = _section(section, shape, words_of, problems) if has_table and is_section else section
    if problems:
        raise InputError(problems)
    return renamer.tree(YamlNode(tree.place, expanded))


def _section(
    section: YamlNode, shape: Shape, words_of: Callable[[YamlNode], TableWords], problems: list[Problem]
) -> YamlNode:
    assert shape.item is not None
    entries: dict[YamlKey, YamlNode] = {}
    for key, value in section.entries.items():
        tables: list[YamlNode] = []
        if key == "table":
            tables = [value]
        elif key == "tables":
            tables = value.value if isinstance(value.value, list) else refuse("table", "tables is a list", value.place)
        else:
            _enter(entries, str(key), value, problems)
        for table in tables:
            for name, row in _rows(words_of(table), shape.item, problems):
                _enter(entries, name, row, problems)
    return YamlNode(section.place, entries)


def _enter(entries: dict[YamlKey, YamlNode], name: str, value: YamlNode, problems: list[Problem]) -> None:
    if name in entries:
        message = f"{name} is given twice, first at {entries[name].place}"
        problems.append(Problem("duplicate-key", message, value.place))
    entries[name] = value


def _rows(words: TableWords, shape: Shape, problems: list[Problem]) -> list[tuple[str, YamlNode]]:
    """Name and part of every row of a table."""
    named, stated = words["columns"], words["rows"]
    columns = _columns(named)
    template = words["name"].value if "name" in words else None
    if "name" not in columns and not isinstance(template, str):
        hint = 'add a column name, or name: "{from}>{to}"'
        refuse("table", "a table needs a name for every row", named.place, hint)
    common = words.get("common")
    rows: list[tuple[str, YamlNode]] = []
    for row in stated.value if isinstance(stated.value, list) else []:
        cells = row.value if isinstance(row.value, list) else []
        if len(cells) != len(columns):
            message = f"a row of {len(columns)} cells is expected, one per column: found {len(cells)}"
            problems.append(Problem("table", message, row.place))
            continue
        by_column = dict(zip(columns, cells, strict=True))
        name = _text(by_column["name"]) if "name" in by_column else _filled(str(template), by_column, row)
        if not name:
            problems.append(Problem("table", "the row has no name", row.place))
            continue
        rows.append((name, _part(by_column, common, row, shape)))
    return rows


def _words(table: YamlNode, part: str, fetch: Fetch, renamer: Renamer) -> TableWords:
    """The words of a table of parts at a path, with columns and rows, in new words."""
    words = table.value if isinstance(table.value, dict) else {}
    for word in ("columns", "rows"):
        if word in words and "file" in words:
            refuse("table", f"the {word} of this table are in its file", words[word].place, "take one away")
        if "file" not in words and (word not in words or not isinstance(words[word].value, list)):
            refuse("table", f"a table needs {word}: a list, or file: a .csv or .xlsx", table.place)
    if "sheet" in words and "file" not in words:
        refuse("table", "a sheet is one of an Excel file", words["sheet"].place, "add file: NAME.xlsx")
    for key, value in words.items():
        if key not in TABLE_WORDS:
            refuse("unknown-key", f"a table has no {key}", value.place, did_you_mean(key, TABLE_WORDS))
    columns, rows = fetch(words) if "file" in words else (words["columns"], words["rows"])
    return renamer.table(part, words | {"columns": columns, "rows": rows})


def _columns(node: YamlNode) -> list[str]:
    names: list[str] = []
    for column in node.value if isinstance(node.value, list) else []:
        name = _text(column)
        if not name or name in names:
            refuse("duplicate-key", f"the column {name or '(no name)'} is given twice or empty", column.place)
        names.append(name)
    return names


def _text(cell: YamlNode) -> str:
    """A cell that is a name, as it was written."""
    if cell.value is None or isinstance(cell.value, dict | list | bool):
        return ""
    return cell.text or str(cell.value)


def _filled(template: str, cells: dict[str, YamlNode], row: YamlNode) -> str:
    def cell(match: re.Match[str]) -> str:
        if match[1] not in cells:
            refuse("table", f"the name uses a column {match[1]}", row.place, did_you_mean(match[1], cells))
        only = cells[match[1]]
        # A list of one region is a usual cell of lanes.
        if isinstance(only.value, list) and len(only.value) == 1:
            only = only.value[0]
        return _text(only)

    return _SLOT.sub(cell, template)


def _part(cells: dict[str, YamlNode], common: YamlNode | None, row: YamlNode, shape: Shape) -> YamlNode:
    """The part that a row states; null cells are absent."""
    shape = _of_kind(shape, cells, common)
    part = YamlNode(row.place, {})
    for column, cell in cells.items():
        if column != "name" and cell.value is not None:
            _put(part, column, cell, shape)
    _drop_empty_figures(part, shape)
    if common is None or not isinstance(common.value, dict):
        return part
    shared = YamlNode(common.place, {})
    for key, value in common.value.items():
        _put(shared, str(key), value, shape)
    return overlay(shared, part).moved(row.place)


def _of_kind(shape: Shape, cells: dict[str, YamlNode], common: YamlNode | None) -> Shape:
    """The shape of a row of the kind that it or `common` states, wherever it stands: fields depend on it."""
    kinds = [cells.get("kind"), child(common, "kind") if common is not None else None]
    kind = next((node for node in kinds if node is not None and node.value is not None), None)
    stated = narrowed(shape, {"kind": kind})
    return stated if stated.model is not None else shape


def _drop_empty_figures(part: YamlNode, shape: Shape) -> None:
    """The source of a figure whose own cell is null states nothing."""
    for key, value in list(part.value.items()) if isinstance(part.value, dict) else []:
        inner = below(shape, key, part.value)
        if inner.kind == "figure" and is_only_provenance(value):
            del part.entries[key]
        elif inner.kind == "model":
            _drop_empty_figures(value, inner)


def _put(part: YamlNode, column: str, cell: YamlNode, shape: Shape) -> None:
    """Set the field that a column names: `size.most` goes one level down, `inputs.oxide.ndpr` is one key."""
    target, rest = part, column
    while "." in rest:
        head, tail = rest.split(".", 1)
        inner = below(shape, head, target.value)
        if shape.kind not in ("model", "figure", "either") or inner.kind == "free":
            break
        target.entries[head] = _container(target.entries.get(head), inner, cell)
        target, shape, rest = target.entries[head], inner, tail
        if shape.kind == "map":
            break
        if shape.kind == "list":
            _put_item(target, rest, cell, shape)
            return
    existing = target.entries.get(rest)
    # The number of a figure may stand in a column after those of its range and source.
    inner = below(shape, rest)
    if isinstance(cell.value, dict) and inner.has_figure():
        cell = settled(cell, inner)
    target.entries[rest] = overlay(existing, cell) if existing is not None and inner.has_figure() else cell


def _container(existing: YamlNode | None, shape: Shape, cell: YamlNode) -> YamlNode:
    """Container that a dotted column writes into; a number or table of years becomes a figure in full."""
    if existing is None:
        return YamlNode(cell.place, [] if shape.kind == "list" else {})
    if shape.has_figure() and (not isinstance(existing.value, dict) or is_year_table(existing)):
        return YamlNode(existing.place, {"by_year" if is_year_table(existing) else "value": existing})
    value = existing.value
    return YamlNode(existing.place, dict(value) if isinstance(value, dict) else value)


def _put_item(target: YamlNode, rest: str, cell: YamlNode, shape: Shape) -> None:
    """A column such as `steps.0.price`: a field of an item of a list."""
    index, _, field = rest.partition(".")
    items = list(target.value) if isinstance(target.value, list) else []
    if not index.isdigit() or int(index) > len(items) or shape.item is None:
        refuse("table", f"the column part {rest} must start with the number of an item: 0, 1, ...", cell.place)
    if int(index) == len(items):
        items.append(YamlNode(cell.place, {}))
    item = items[int(index)]
    if field:
        items[int(index)] = YamlNode(item.place, dict(item.value) if isinstance(item.value, dict) else {})
        _put(items[int(index)], field, cell, shape.item)
    else:
        items[int(index)] = cell
    target.value = items

