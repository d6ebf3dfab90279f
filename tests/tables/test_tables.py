"""Result tables as they are declared: types of empty and full, fresh and recalled ones, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from planner.check.reading import LAYOUTS, REPORTING
from planner.manual.equations import TABLES as WRITTEN
from planner.results.tables import TABLES
from planner.results.write import read_table, write_tables
from planner.tables.column import NODE, Table, declared, integer, number, text
from planner.tables.frames import TableError, conformed, looked_up, require_declared, table, typed
from planner.tables.schemas import OPTIONAL, RUN, SCHEMAS, SHOWN

TABLE = declared(
    "things", "Things.", "name", text("name", "a name"), text("note", "a note", blank=True),
    integer("count", "how many"), number("size", "how large", "quantity"),
    number("price", "if any", "price", blank=True),
)
EVERY = [(question, found) for question, schema in SCHEMAS.items() for found in schema.values()]


@pytest.fixture(params=["pyarrow", "python"])
def storage(request: pytest.FixtureRequest) -> Iterator[str]:
    """Texts as pandas keeps them with pyarrow, and without."""
    with pd.option_context("mode.string_storage", request.param):
        yield request.param


def thing(**changed: object) -> dict[str, object]:
    return {"name": "a", "note": "", "count": 1, "size": 1.5, "price": None} | changed


@pytest.mark.parametrize(("question", "found"), EVERY, ids=lambda part: getattr(part, "name", part))
def test_every_table_and_column_says_what_it_is(question: str, found: Table) -> None:
    assert found.meaning.endswith(".")
    assert found.key
    for column in found.columns:
        assert column.meaning, (question, found.name, column.name)
        assert bool(column.unit) == (column.type == "number") or column.type == "integer", (found.name, column.name)
        stated = column.unit.strip("[]")
        assert not column.unit.startswith("[") or found.by_name[stated].type == "text", (found.name, column.name)
        assert not (column.blank and column.type in ("integer", "boolean"))


def test_schema_names_the_tables_that_are_written() -> None:
    assert RUN.keys() - {"summary", *OPTIONAL} == TABLES.keys()


def test_reference_names_columns_that_are_declared() -> None:
    for name in WRITTEN.values():
        found, column = name.split(".")
        assert RUN[found].by_name[column]


def test_check_reads_what_is_declared() -> None:
    """The check has its own list of what it reads; both say the same of every column."""
    assert RUN.keys() == LAYOUTS.keys() | (REPORTING & RUN.keys())
    for name, layout in LAYOUTS.items():
        stated = RUN[name]
        assert layout.columns == set(stated.names), name
        numbers = {c.name for c in stated.columns if c.type == "number"}
        whole = {c.name for c in stated.columns if c.type == "integer"}
        assert set(layout.numbers) == numbers | (whole & set(layout.numbers)), name
        assert set(layout.blank) == {c.name for c in stated.columns if c.blank and c.type == "number"}, name
        key = {*layout.key, *(["node"] if layout.by_node else [])}
        assert key == set(stated.key), name


@pytest.mark.parametrize("found", [*(t for _, t in EVERY), *SHOWN.values()], ids=lambda found: found.name)
def test_empty_table_has_the_types_of_a_full_one(found: Table, storage: str) -> None:
    cells = {"text": "x", "number": 1.0, "integer": 1, "boolean": True}
    full = table(found, [{c.name: cells[c.type] for c in found.columns}])
    assert table(found, []).dtypes.to_dict() == full.dtypes.to_dict()
    assert conformed(found, table(found, [])).dtypes.to_dict() == full.dtypes.to_dict()


def test_table_comes_back_as_it_was_written(tmp_path: Path, storage: str) -> None:
    rows = [thing(), thing(name="NA", note="=1+1", size=1e-300), thing(name="1.10", note="null", price=0.1 + 0.2)]
    for listed in (rows, []):
        made = table(TABLE, listed)
        write_tables({"things": made}, tmp_path, {"things": TABLE})
        pd.testing.assert_frame_equal(typed(TABLE, read_table(tmp_path / "things.csv")), made, check_exact=True)


@pytest.mark.parametrize("row", [
    {"name": "a"}, thing() | {"more": 1}, thing(name=1), thing(name=""), thing(name=None), thing(note=None),
    thing(count=1.5), thing(count=None), thing(count=True), thing(size="1"), thing(size=None), thing(price=True),
])  # fmt: skip
def test_row_that_is_not_as_declared_is_an_error(row: dict[str, object]) -> None:
    with pytest.raises(TableError, match="things"):
        table(TABLE, [thing(), row])


@pytest.mark.parametrize("change", [
    {"more": 1.0}, {"name": 1}, {"count": 1.0}, {"size": "1"},
])
def test_table_that_is_not_as_declared_is_not_written(change: dict[str, object], tmp_path: Path) -> None:
    wrong = table(TABLE, [thing()]).assign(**change)
    with pytest.raises(TableError, match="things"):
        write_tables({"things": wrong}, tmp_path, {"things": TABLE})
    assert not list(tmp_path.iterdir())
    with pytest.raises(TableError, match="not declared"):
        require_declared({}, "things", wrong)
    with pytest.raises(TableError, match="things"):
        conformed(TABLE, wrong.drop(columns="note"))


@pytest.mark.parametrize("cell", ["1.5", "", "x"])
def test_cell_that_does_not_fit_is_not_read(cell: str) -> None:
    texts = pd.DataFrame({"name": ["a"], "note": [""], "count": [cell], "size": ["1"], "price": [""]})
    with pytest.raises(TableError, match="count"):
        typed(TABLE, texts)


def test_what_is_looked_up_is_numbers_even_without_rows() -> None:
    empty = table(TABLE, [])
    assert looked_up(empty["name"], {"a": 1.0}).dtype == "float64"
    assert looked_up(table(TABLE, [thing(), thing(name="b")])["name"], {"a": 1.0}).fillna(-1).tolist() == [1.0, -1.0]


def test_node_columns_are_the_same_everywhere() -> None:
    for _, found in EVERY:
        if "node" in found.by_name and found.name != "nodes":
            assert [found.by_name[c.name].type for c in NODE] == [c.type for c in NODE]
