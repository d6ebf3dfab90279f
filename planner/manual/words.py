"""The instance language as tables: every part, every field with type, unit, range, default and an example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from planner.language.figure import Part
from planner.language.instance import Instance
from planner.language.json_schema import json_schema
from planner.language.starter import STARTER
from planner.reading.compose import plain
from planner.reading.examples import FOLDER
from planner.reading.files import Reader
from planner.workflows.sweep.schema import Study

PROVENANCE = tuple(Part.model_fields)
LIMITS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below",
          "least": "at least", "most": "at most", "minItems": "items, at least", "maxItems": "items, at most"}
# Examples of what no shipped instance says.
UNSAID = {
    ("Instance", "extends"): "base.yaml", ("Instance", "include"): "[mines.yaml, trade.yaml]",
    ("Figure", "by_period"): "[100, 120, 150]", ("Outage", "elastic"): "~",
    ("Dependence", "end"): "2035", ("Figure", "unit"): "t/year",
    ("Lane", "title"): "Oxide to America", ("Limit", "suppliers"): "[china.*]", ("Limit", "outlets"): "[surplus]",
    ("Limit", "least"): "100", ("Objective", "risk"): "{measure: cvar, weight: 0.5, tail: 0.1}",
    ("Options", "time_limit"): "600", ("Served", "end"): "2035", ("Shock", "from"): "truce",
    ("Stockpile", "release_limit"): "500",
}
LAST = "2035"  # Of any requirement that does not hold for good.
LONGEST = 110


class Word(NamedTuple):
    """One field of one part."""

    name: str
    is_required: bool
    kind: str
    parts: tuple[str, ...]
    unit: str
    range: str
    default: str
    meaning: str
    example: str


class Section(NamedTuple):
    """One part of the language: an instance, a facility, a control, ..."""

    name: str
    meaning: str
    words: tuple[Word, ...]


def sections() -> list[Section]:
    """Every part of the language, the instance first; what all parts may say of their source stands once."""
    schema, said, needed = json_schema(), examples(), _required(Instance.model_json_schema(by_alias=True))
    definitions = schema["$defs"]
    whole = {"Instance": schema} | {name: part for name, part in definitions.items() if name != "Figure"}
    common = Section("Part", "Every part may say where its figures come from.", tuple(
        _word("Part", name, schema["properties"][name], said, needed) for name in PROVENANCE))
    found = [_section("Figure" if name == "StatedFigure" else name, part, said, needed) for name, part in whole.items()]
    return [found[0], common, *sorted(found[1:])]


def study_sections() -> list[Section]:
    """Every part of a study file, the study first, but for those that instances have too."""
    schema, shared = Study.model_json_schema(by_alias=True), json_schema()["$defs"]
    whole = {"Study": schema} | {name: part for name, part in schema["$defs"].items() if name not in shared}
    return [_section(name, part, {}, _required(schema)) for name, part in whole.items()]


Required = frozenset[tuple[str, str]]  # Parts and their fields.


def _required(schema: dict[str, Any]) -> Required:
    """The fields that must be stated, in one file or another."""
    parts = {schema["title"]: schema} | schema["$defs"]
    return frozenset((part, field) for part, entry in parts.items() for field in entry.get("required", ()))


def _section(name: str, part: dict[str, Any], said: dict[tuple[str, str], str], needed: Required) -> Section:
    entries = {word: entry for word, entry in part["properties"].items() if word not in PROVENANCE}
    words = tuple(_word(name, word, entry, said, needed) for word, entry in entries.items())
    return Section(name, str(part.get("description", "")), words)


def _word(
    part: str, name: str, entry: dict[str, Any], said: dict[tuple[str, str], str], needed: Required
) -> Word:
    kinds = _kinds(entry)
    choices = [kind for kind in kinds if kind.startswith('"')]
    given = [str(example) for example in entry.get("examples", [])]
    example = _shortened(said.get((part, name), "")) or _stated_default(entry) or "".join([*given, *choices][:1])
    meaning = str(entry.get("description", ""))
    return Word(
        name, (part, name) in needed, " or ".join(k.removeprefix("=") for k in kinds),
        tuple(k[1:] for k in kinds if k.startswith("=")), str(entry.get("unit", _unit_said(meaning))),
        "; ".join(dict.fromkeys(_range(entry))), _stated_default(entry), meaning, example,
    )


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0] + " ..."


def _unit_said(meaning: str) -> str:
    """The unit that a meaning ends with in brackets."""
    head, bracket, tail = meaning.rstrip(".").rpartition("[")
    return tail.removesuffix("]") if bracket and tail.endswith("]") and head else ""


def _kinds(entry: dict[str, Any]) -> list[str]:
    """Allowed values in words; a part of the language as =Name."""
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        return ["=Figure" if name == "StatedFigure" else f"={name}"]
    if "enum" in entry or "const" in entry:
        return [json.dumps(value) for value in entry.get("enum", [entry.get("const")])]
    if "anyOf" in entry or "oneOf" in entry:
        options = [*entry.get("anyOf", []), *entry.get("oneOf", [])]
        inner = [kind for option in options for kind in _kinds(option)]
        return [kind for kind in dict.fromkeys(inner) if kind != "null"]
    if entry.get("type") == "array":
        return [f"list of {kind.removeprefix('=')}" for kind in _kinds(entry.get("items", {}))] or ["list"]
    if entry.get("type") == "object":
        part = entry.get("additionalProperties") or next(iter(entry.get("patternProperties", {}).values()), None)
        kinds = _kinds(part) if isinstance(part, dict) else []
        return [f"names with {kind.removeprefix('=')}" for kind in kinds] or ["names"]
    words = {"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number"}
    return [words.get(str(entry.get("type")), str(entry.get("type", "anything")))]


def _range(entry: dict[str, Any]) -> Iterator[str]:
    for key, words in LIMITS.items():
        if key in entry:
            yield f"{words} {entry[key]:g}"
    for option in entry.get("anyOf", []):
        yield from _range(option)


def _stated_default(entry: dict[str, Any]) -> str:
    default = entry.get("default")
    if default is None or default in ([], {}):
        return ""
    if isinstance(default, dict):
        value = default.get("value")
        return f"{value:g}" if isinstance(value, int | float) else ""
    return default if isinstance(default, str) else json.dumps(default)


# Examples


@lru_cache(maxsize=1)
def examples() -> dict[tuple[str, str], str]:
    """A value for each field by part and name, as the shipped instances state it, the starter first."""
    schema = json_schema()
    ending = [name for name, part in schema["$defs"].items() if "end" in part.get("properties", {})]
    found = UNSAID | {(name, "end"): LAST for name in ending}
    for file in _instances():
        _gather(plain(Reader(file).read()), schema, "Instance", schema["$defs"], found)
    return {("Part", name): text for (_, name), text in found.items() if name in PROVENANCE} | found


def _instances() -> list[Path]:
    return [STARTER, *sorted(FOLDER.glob("*.yaml")), *sorted(FOLDER.glob("published/*.yaml"))]


def _gather(value: Any, entry: dict[str, Any], part: str, definitions: dict[str, Any], found: Any) -> None:
    """Walk a stated value along its description and note a value for every field met."""
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        description = entry.get("properties", {}).get(name)
        if description is None or name in ("table", "tables"):
            continue
        text = yaml.safe_dump(inner, default_flow_style=True, width=10_000, allow_unicode=True).strip()
        text = text.removesuffix("\n...").strip()
        if text not in ("null", "[]", "{}") and len(text) < len(found.get((part, name), text + " ")):
            found[part, name] = text  # The shortest says enough.
        _below(inner, description, definitions, found)


def _below(value: Any, description: dict[str, Any], definitions: dict[str, Any], found: Any) -> None:
    names = [kind[1:] for kind in _kinds(description) if kind.startswith("=")]
    for name in names:
        target = "StatedFigure" if name == "Figure" else name
        _gather(value, definitions[target], name, definitions, found)
    inner = description.get("additionalProperties") or description.get("items")
    if isinstance(inner, dict):
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            _below(item, inner, definitions, found)
    for option in [*description.get("anyOf", []), *description.get("oneOf", [])]:
        if "items" in option or "additionalProperties" in option:
            _below(value, option, definitions, found)


