"""The parts of the manual that are made from the code, as Markdown; a page names them in a fence `generated`."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import planner
from planner.cli.exit_codes import MEANINGS
from planner.cli.parser import COMMANDS, Command
from planner.manual import equations, formulas, words
from planner.tables.schemas import SCHEMAS

FENCE = re.compile(r"^```(generated|formula) (\S+)\n```$", re.MULTILINE)
STARRED = re.compile(r"(`[^`]*`)")


def filled(text: str) -> str:
    """A page with what its fences name: `generated NAME`, or `formula package.module:function`."""
    return FENCE.sub(lambda found: MAKERS[found[2]]() if found[1] == "generated" else _formula(found[2]), text)


def _formula(place: str) -> str:
    stated = formulas.formula(place)
    parts = [_math(part) if i % 2 else _said(part) for i, part in enumerate(stated.parts) if part]
    name = place.partition(":")[2]
    return "\n\n".join([*parts, f"Code: `{name}` in `{stated.file}`, line {stated.line}."])


# Markdown


def _said(text: str) -> str:
    """Words of the code as Markdown: code in backticks stays, all else is text."""
    parts = STARRED.split(text)
    return "".join(part if i % 2 else re.sub(r"([\\*_\[\]<#])", r"\\\1", part) for i, part in enumerate(parts))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads)]
    lines += [["---"] * len(lines[0]), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _math(latex: str) -> str:
    return f"```math\n{latex}\n```"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


# The language


def language() -> str:
    """Every part of an instance, and a list of them."""
    return _parts(words.sections())


def studies() -> str:
    """Every part of a study file, and a list of them."""
    return _parts(words.study_sections())


def _parts(sections: list[words.Section]) -> str:
    names = {section.name for section in sections}
    links = ", ".join(f"[{section.name}](#part-{section.name})" for section in sections)
    return "\n\n".join([links, *(_section(section, names) for section in sections)])


def _section(section: words.Section, names: set[str]) -> str:
    heads = ["field", "is", "unit", "range", "if absent", "meaning", "example"]
    rows = list(_fields(section, names))
    shown = [i for i in range(len(heads)) if any(row[i] for row in rows)]  # A column without a word says nothing.
    table = _table([heads[i] for i in shown], ([row[i] for i in shown] for row in rows))
    return f"### {section.name} {{#part-{section.name}}}\n\n{_said(section.meaning)}\n\n{table}"


def _fields(section: words.Section, names: set[str]) -> Iterator[list[str]]:
    def linked(found: re.Match[str]) -> str:
        return f"[{found[0]}](#part-{found[0]})" if found[0] in names else found[0]

    for word in section.words:
        name = f"`{word.name}` {{#field-{section.name}-{word.name}}}"
        yield [
            name, re.sub(r"\w+", linked, _said(word.kind)), _said(word.unit), _said(word.range),
            "**required**" if word.is_required else _code(word.default), _said(word.meaning), _code(word.example),
        ]


# Commands


def commands() -> str:
    """Every command with its arguments and options."""
    return "\n\n".join(map(_command, sorted(COMMANDS)))


def _command(command: Command) -> str:
    verb = argparse.ArgumentParser()
    command.words(verb)
    rows = [(_code(_usage(action)), _said(action.help or "")) for action in verb._actions if action.dest != "help"]
    said = command.help[:1].upper() + command.help[1:]
    head = f"## planner {command.name} {{#command-{command.name}}}\n\n{_said(said)}."
    return f"{head}\n\n{_table(['argument', 'meaning'], rows)}" if rows else head


def _usage(action: argparse.Action) -> str:
    """An argument as one types it."""
    if action.nargs == 0:
        return action.option_strings[-1]
    choices = ",".join(map(str, action.choices)) if action.choices is not None else ""
    word = str(action.metavar or (f"{{{choices}}}" if choices else action.dest.upper()))
    several = {"+": f"{word} ...", "*": f"[{word} ...]", "?": f"[{word}]"}.get(str(action.nargs), word)
    return " ".join([*action.option_strings[-1:], several])


def exit_codes() -> str:
    return _table(["code", "meaning"], ((str(code), _said(meaning)) for code, meaning in MEANINGS.items()))


# Tables


def tables() -> str:
    """Every table that is written, by the command that writes it."""
    found = []
    for question, schema in SCHEMAS.items():
        verbs = "planner solve and planner evaluate" if question == "run" else f"planner {question}"
        found.append(f"## {verbs}")
        for table in schema.values():
            rows = ((f"**`{c.name}`**" if c.name in table.key else _code(c.name), c.type, _said(c.unit),
                     "yes" if c.blank else "", _said(c.meaning)) for c in table.columns)  # fmt: skip
            found += [
                f"### {table.name}.csv {{#table-{question}-{table.name}}}", _said(table.meaning),
                _table(["column", "is", "unit", "may be empty", "meaning"], rows),
            ]
    return "\n\n".join(found)


# Mathematics


def objective() -> str:
    """Every term of the objective: the cost of one unit of a variable, and which item of `costs.csv` it belongs to."""
    rows = ((_code(t.item), f"`${t.latex}$`", f"[`{t.family}`](../reference/constraints.md#symbol-{t.family})",
             _said(t.meaning)) for t in formulas.cost_terms(equations.chapters()))  # fmt: skip
    return _table(["item", "cost of one unit", "of", "which is"], rows)


def constraints() -> str:
    """Every constraint with equation, symbols, code and, in a checkout, its algebra on a tiny instance."""
    found = []
    for name, said, listed in equations.by_chapter():
        found += [f"## {name} {{#chapter-{name}}}", _said(said)]
        for equation in listed:
            families = ", ".join(f"[`{family}`](#symbol-{family})" for family in equation.families)
            found += [f"### {equation.name} {{#equation-{equation.name}}}", _math(equation.latex), families,
                      f"```python fold Code: {equation.file}:{equation.line}\n{equation.code}```"]  # fmt: skip
            if equation.golden:
                found.append(f"```lp fold Algebra on a tiny instance\n{equation.golden}```")
    return "\n\n".join(found)


def symbols() -> str:
    rows = ((f"`{s.name}` {{#symbol-{s.name}}}", s.kind, _said(s.unit), _code(s.column), _said(s.meaning))
            for s in equations.symbols())  # fmt: skip
    return _table(["symbol", "is", "unit", "table and column", "meaning"], rows)


# Python


def python() -> str:
    """Every public function with its signature and docstring; then the classes that functions return."""
    functions = {name: getattr(planner, name) for name in sorted(planner._PUBLIC)}
    classes = dict.fromkeys(found for function in functions.values() for found in _returned(function))
    return "\n\n".join([*(_function(*item) for item in functions.items()), *map(_class, classes)])


def _returned(function: Any) -> Iterator[type]:
    """The classes of the package that a function returns, as the module that made it knows them."""
    for name in re.findall(r"\w+", _return_type(function)):
        found = function.__globals__.get(name)  # A wrapper has the name of what it wraps, and its own module's names.
        if inspect.isclass(found) and found.__module__.startswith("planner."):
            yield found


def _return_type(function: Any) -> str:
    return str(inspect.signature(function).return_annotation)


def _function(name: str, function: Any) -> str:
    signature = _signature(function, f"planner.{name}")
    links = [f"[{found.__name__}](#class-{found.__name__})" for found in _returned(function)]
    returns = f"\n\nReturns: {', '.join(links)}." if links else ""
    return f"## planner.{name} {{#{name}}}\n\n```python\n{signature}\n```\n\n{_doc(function)}{returns}"


def _signature(function: Any, name: str) -> str:
    """A signature with parameters as the code states them, one a line, and the type that is really returned."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    inner = node.args
    bare = [None] * (len(inner.args) - len(inner.defaults))
    stated = [f"    {ast.unparse(argument)}" + (f" = {ast.unparse(default)}" if default is not None else "") + ","
              for argument, default in zip(inner.args, [*bare, *inner.defaults], strict=True)]  # fmt: skip
    stated += [f"    {ast.unparse(argument)}," for argument in inner.kwonlyargs]
    return "\n".join([f"{name}(", *stated, f") -> {_return_type(function)}"])


def _class(found: type) -> str:
    rows = list(_members(found))
    table = f"\n\n{_table(['attribute', 'meaning'], rows)}" if rows else ""
    return f"## {found.__name__} {{#class-{found.__name__}}}\n\n{_doc(found)}{table}"


def _members(found: type) -> Iterator[tuple[str, str]]:
    """Public fields, then public properties and methods, those of base classes first; machinery is no member."""
    bases = [base for base in reversed(found.__mro__) if base.__module__.startswith("planner.")]
    bases = [base for base in bases if not base.__module__.startswith("planner.common.caching")]
    fields = {name: stated for base in bases for name, stated in inspect.get_annotations(base).items()}
    members = {name: member for base in bases for name, member in vars(base).items() if name not in fields}
    for name, stated in fields.items():
        if not name.startswith("_"):
            yield f"`{name}`", _said(getattr(stated, "__forward_arg__", str(stated)))
    for name, member in members.items():
        if not name.startswith("_") and (callable(member) or hasattr(member, "__get__")):
            written = f"{name}()" if inspect.isfunction(member) or isinstance(member, classmethod) else name
            yield f"`{written}`", _doc(member).partition("\n\n")[0] or _said(_type_of(member))


def _type_of(member: Any) -> str:
    """The type of a property, for one that has no docstring."""
    getter = getattr(member, "fget", None) or getattr(member, "func", None)
    return str(inspect.signature(getter).return_annotation) if getter is not None else ""


def _doc(described: Any) -> str:
    """A docstring; an example stays as it is written."""
    pieces = (inspect.getdoc(described) or "").split("\n\n")
    return "\n\n".join(piece if piece.startswith("    ") else _said(piece) for piece in pieces)


MAKERS: dict[str, Callable[[], str]] = {
    made.__name__: made
    for made in (language, studies, commands, exit_codes, tables, objective, constraints, symbols, python)
}
