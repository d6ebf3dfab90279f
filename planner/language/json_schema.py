"""The JSON Schema of instance files, for editors: the language of `instance` plus the words of files.

Sections may be written as tables, figures as plain numbers or tables of years; `extends`, `include` and
`scenarios` exist only in files.
"""

from __future__ import annotations

from typing import Any

from planner.language.instance import Instance
from planner.language.old_words import GONE, OLD_WORDS, OldWord

FILE_WORDS: dict[str, Any] = {
    "extends": {
        "type": "string",
        "description": "File this one is laid over, relative to this file, or example:NAME for a shipped instance.",
    },
    "include": {"type": "array", "items": {"type": "string"}, "description": "Files merged in; nothing twice."},
    "scenarios": {
        "type": "object",
        "additionalProperties": {"type": "object"},
        "description": "Named overrides by path, chosen with --scenario; 'path *=' scales, 'path +=' shifts.",
    },
}
TABLE: dict[str, Any] = {
    "type": "object",
    "description": "Many entries of a section as rows, stated here by `columns` and `rows` or kept in a spreadsheet, a"
    " `file`, whose first row names the columns. Other entries of the section join the table's; each name is unique.",
    "anyOf": [{"required": ["columns", "rows"]}, {"required": ["file"]}],
    "properties": {
        "columns": {
            "type": "array", "items": {"type": "string"},
            "description": "`name`, then fields by their paths: `capacity`, `capital.fixed.source`, `steps.0.price`.",
            "examples": ["[name, capacity]"],
        },
        "name": {"type": "string", "description": "Format of a row's name from its columns, such as {from}>{to}.",
                 "examples": ['"{from}>{to}"']},
        "common": {"type": "object", "description": "Fields that all rows share.", "examples": ["{region: US}"]},
        "rows": {
            "type": "array", "items": {"type": "array"},
            "description": "A list of cells for every entry; ~ says nothing.", "examples": ["[[mine, 1000]]"],
        },
        "file": {
            "type": "string", "pattern": r"\.([cC][sS][vV]|[xX][lL][sS][xX])$",
            "description": "CSV (UTF-8, commas) or Excel file in the instance's folder; an empty cell says nothing.",
            "examples": ["plants.csv"],
        },
        "sheet": {"type": "string", "description": "Sheet of an Excel file that has several.", "examples": ["plants"]},
    },
    "additionalProperties": False,
}


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a whole or partial instance file."""
    schema = Instance.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    figure = definitions.pop("Figure")
    definitions["StatedFigure"] = figure
    definitions["Figure"] = {
        "description": "A number, a table of years, or a figure in full.",
        "anyOf": [
            {"type": "number"},
            {"type": "object", "patternProperties": {r"^\d+$": {"type": "number"}}, "additionalProperties": False},
            {"$ref": "#/$defs/StatedFigure"},
        ],
    }
    for section in schema["properties"].values():
        if section.get("type") == "object":
            # By name, all parts; a pattern for names would claim the word `table` as well.
            (part,) = section.pop("patternProperties").values()
            section["additionalProperties"] = _without_discriminator(part)
            section["properties"] = {
                "table": {"$ref": "#/$defs/Table"},
                "tables": {"type": "array", "items": {"$ref": "#/$defs/Table"}},
            }
    # A file may state a part in part: another one, that it extends or is included with, has the rest.
    for name in ("Time", *_parts_of(schema)):
        definitions.get(name, {}).pop("required", None)
    for word in OLD_WORDS:
        for part in definitions.values():
            _accept(word, part)
    definitions["Table"] = TABLE
    schema["properties"] |= FILE_WORDS
    schema.pop("required", None)  # A file may hold a part of an instance only.
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _accept(word: OldWord, part: dict[str, Any]) -> None:
    """Let a part that has the new word, as a field or as its kind, have the old one too, marked as old."""
    fields, goes = part.get("properties", {}), f"which goes with version {GONE}."
    kind = fields.get("kind", {})
    if kind.get("const") == word.new:
        del kind["const"]
        kind |= {"enum": [word.new, word.old], "description": f"`{word.old}` is the old word for it, {goes}"}
    elif word.new in fields:
        old = {"deprecated": True, "description": f"Old word for `{word.new}`, {goes}"}
        fields[word.old] = {"examples": ["1"]} | fields[word.new] | old
        if word.new in part.get("required", []):
            part["required"].remove(word.new)
            part["oneOf"] = [{"required": [word.new]}, {"required": [word.old]}]


def _parts_of(schema: dict[str, Any]) -> list[str]:
    """Names of the definitions that the sections are made of."""
    parts = [section.get("additionalProperties", {}) for section in schema["properties"].values()]
    kinds = [kind for part in parts if isinstance(part, dict) for kind in part.get("anyOf", [part])]
    return [str(kind.get("$ref", "")).rpartition("/")[2] for kind in kinds]


def _without_discriminator(part: dict[str, Any]) -> dict[str, Any]:
    """A part of several kinds may leave its kind to the file that it is laid over."""
    if "oneOf" not in part:
        return part
    return {"anyOf": part["oneOf"]}
