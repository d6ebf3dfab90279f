"""Tables of an instance that are kept in CSV and Excel files: what they say, and what is refused, cell by cell."""

from __future__ import annotations

import datetime
import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from jsonschema import Draft202012Validator

import planner
from planner.common.errors import InputError, Place
from planner.language.json_schema import json_schema
from planner.reading import spreadsheet
from planner.reading.compose import plain
from planner.reading.files import Reader
from planner.workflows.sweep.reading import read_study
from planner.workflows.sweep.sweep import study_digest

# Two mines feed one user; each project is named in the table, its money in MUSD.
CASE = """
name: tabled
units: {quantity: t, money: MUSD, price: USD/kg}
time: {start: 2030, periods: [1], discount_rate: 0, base_year: 2030, discounting: mid_period, capital_charge: annuity}
regions: {US: {}, AU: {}}
sources: {"2025": {title: A survey}}
commodities: {ore: {stage: mine, disposal: free}}
processes: {dig: {outputs: {ore: 1}, variable_cost: 1}, dredge: {outputs: {ore: 1}, variable_cost: 2}}
lanes: {home: {commodities: [ore], from: [AU], to: [US], freight: 0.5}}
demands: {d: {region: US, class: c, accepts: {ore: 1}, amount: 100, shortage: [{share: 1, cost: 10}]}}
facilities:
  table: {file: plants.csv, common: {stage: mine}}
  yard: {region: US, stage: mine, capacity: 10, processes: [dig], fixed_cost: 0.001}
"""
HEADER = "name,region,capacity.value,capacity.source,capacity.note,processes.0,processes.1,fixed_cost,title\n"
ROWS = """hill,US,30,2025,"half, says
the survey",dig,,0.1,
coast,AU,40,,,dredge,dig,0.2,Northern coast
"""
# Dug at 1 in the yard (10 t) and at the hill (30 t), on the coast at 1 and shipped at 0.5 (40 t); 20 t are missed at
# 10; what stands has its fixed cost. USD/kg times t are thousands of USD.
COST = (10 * 1 + 30 * 1 + 40 * 1.5 + 20 * 10 + 10 * 0.001 + 30 * 0.1 + 40 * 0.2) / 1000


def written(folder: Path, rows: str = ROWS, header: str = HEADER, case: str = CASE) -> Path:
    (folder / "plants.csv").write_text(header + rows)
    file = folder / "case.yaml"
    file.write_text(case)
    return file


def sheet_of(folder: Path, name: str, rows: list[list[Any]], title: str = "plants") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = title
    for row in rows:
        page.append(row)
    book.save(folder / name)
    return folder / name


def refused(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        planner.validate(file)
    return str(caught.value).replace(f"{file.parent}/", "")


def test_a_table_in_csv(tmp_path: Path) -> None:
    file = written(tmp_path)
    document = planner.load(file)
    hill, coast = document.instance.facilities["hill"], document.instance.facilities["coast"]
    assert list(document.instance.facilities) == ["hill", "coast", "yard"]
    assert (hill.capacity.value, hill.capacity.source, hill.capacity.note) == (30, "2025", "half, says\nthe survey")
    assert (hill.processes, hill.title, hill.stage) == (["dig"], None, "mine")
    assert (coast.processes, coast.title, coast.region) == (["dredge", "dig"], "Northern coast", "AU")
    assert document.place(("facilities", "coast", "capacity")) == Place(str(tmp_path / "plants.csv"), 4, 3)
    assert [str(s.place).rpartition("/")[2] for s in document.why("facilities.hill.fixed_cost")] == ["plants.csv:2:8"]
    assert document.files.keys() == {"case.yaml", "plants.csv"}


def test_a_run_stands_alone_and_knows_a_changed_table(tmp_path: Path) -> None:
    file = written(tmp_path)
    run = planner.solve(file, options={"gap": 0}, out=tmp_path / "run")
    assert run.figures["objective"] == pytest.approx(COST, rel=1e-9)
    assert planner.solve(file, options={"gap": 0}, out=tmp_path / "run").recalled
    written(tmp_path, ROWS.replace("40,", "41,"))
    again = planner.solve(file, options={"gap": 0}, out=tmp_path / "run")
    assert not again.recalled
    assert again.figures["objective"] == pytest.approx(COST + (1.5 - 10 + 0.2) / 1000)
    (tmp_path / "plants.csv").unlink()
    alone = planner.solve(tmp_path / "run" / "instance.yaml", options={"gap": 0}, out=tmp_path / "alone")
    assert alone.figures["objective"] == again.figures["objective"]


def test_a_study_knows_a_changed_table(tmp_path: Path) -> None:
    file = written(tmp_path)
    study = tmp_path / "study.yaml"
    study.write_text(f"study: s\ninstance: {file.name}\nvary: {{rate: {{path: time.discount_rate, values: [0, 1]}}}}\n"
                     "design: {kind: grid}\n")  # fmt: skip
    before = study_digest(read_study(study))
    assert study_digest(read_study(study)) == before
    written(tmp_path, ROWS.replace("40,", "41,"))
    assert study_digest(read_study(study)) != before


def test_a_sheet_says_the_same(tmp_path: Path) -> None:
    stated = planner.load(written(tmp_path)).sha256
    names: list[Any] = HEADER.strip().split(",")
    book = sheet_of(tmp_path, "plants.xlsx", [
        [], names, ["hill", "US", 30, 2025, "half, says\nthe survey", "dig", None, 0.1], [None],
        ["coast", "AU", 40.0, None, " ", "dredge", "dig", 0.2, "Northern coast"],
    ])  # fmt: skip
    for case in ("{file: plants.xlsx, sheet: plants, common", "{file: plants.xlsx, common"):
        document = planner.load(written(tmp_path, case=CASE.replace("{file: plants.csv, common", case)))
        assert document.sha256 == stated
        assert str(document.place(("facilities", "coast", "fixed_cost"))) == f"{book}[plants]:5:8"


def test_projects_with_series_and_prices_in_steps(tmp_path: Path) -> None:
    text = """name: more
suppliers: {tables: [{file: s.csv}]}
projects: {table: {file: p.csv}}
"""
    steps = "steps.0.price,steps.0.amount,steps.1.price,steps.1.amount"
    (tmp_path / "s.csv").write_text(f"name,commodity,regions.0,{steps}\n"
                                    "a,ore,US,1,10,2,20\nb,ore,310,1e1,5,,\n")  # fmt: skip
    (tmp_path / "p.csv").write_text("name,capital.fixed.by_year.2030,capital.fixed.by_year.2035,capital.fixed.source\n"
                                    "p,1,2,2025\n")  # fmt: skip
    (tmp_path / "case.yaml").write_text(text)
    tree = plain(Reader(tmp_path / "case.yaml").read())
    assert tree["suppliers"] == {
        "a": {"commodity": "ore", "regions": ["US"], "steps": [{"price": 1, "amount": 10}, {"price": 2, "amount": 20}]},
        "b": {"commodity": "ore", "regions": ["310"], "steps": [{"price": 10.0, "amount": 5}]},
    }
    assert tree["projects"] == {"p": {"capital": {"fixed": {"by_year": {2030: 1, 2035: 2}, "source": "2025"}}}}


# Columns of a table of controls; what each row says, in the order of these columns, and its fields after reading.
BY_KIND: dict[str, Any] = {"name": ("q", "b"), "amount.value": (5, None), "amount.source": ("2025", None),
                           "passes": (None, 0.5), "price": (None, 2), "kind": ("quota", "licence")}  # fmt: skip
OF_KIND = {"q": {"kind": "quota", "amount": {"value": 5, "source": "2025"}},
           "b": {"kind": "licence", "passes": 0.5, "price": 2}}  # fmt: skip
ORDERS = {"kind last": list(BY_KIND), "kind first": list(BY_KIND)[::-1],
          "source before number": ["amount.source", "amount.value", "name", "price", "kind", "passes"]}  # fmt: skip


@pytest.mark.parametrize("form", ["yaml", "csv", "xlsx"])
@pytest.mark.parametrize("columns", ORDERS.values(), ids=ORDERS)
def test_a_kind_counts_wherever_its_column_stands(columns: list[str], form: str, tmp_path: Path) -> None:
    rows = [[BY_KIND[column][number] for column in columns] for number in (0, 1)]
    table = json.dumps({"columns": columns, "rows": rows}) if form == "yaml" else f"{{file: c.{form}}}"
    lines = [columns, *([cell if cell is not None else "" for cell in row] for row in rows)]
    (tmp_path / "c.csv").write_text("".join(",".join(map(str, line)) + "\n" for line in lines))
    sheet_of(tmp_path, "c.xlsx", [columns, *rows])
    (tmp_path / "case.yaml").write_text(f"controls: {{table: {table}}}\n")
    assert plain(Reader(tmp_path / "case.yaml").read())["controls"] == OF_KIND


@pytest.mark.parametrize("common", [
    "{kind: quota, amount.2026: 0}", "{amount.2026: 0, kind: quota}",
])  # fmt: skip
def test_a_kind_counts_where_all_rows_share_it(common: str, tmp_path: Path) -> None:
    table = f"{{columns: [name, kind, amount.2026, amount.2030], common: {common}, rows: [[q, ~, 5, 6], [r, ~, ~, 7]]}}"
    (tmp_path / "case.yaml").write_text(f"controls: {{table: {table}}}\n")
    amounts = [(5, 6), (0, 7)]
    assert plain(Reader(tmp_path / "case.yaml").read())["controls"] == {
        name: {"kind": "quota", "amount": {2026: first, 2030: last}}
        for name, (first, last) in zip("qr", amounts, strict=True)
    }


def test_requirements_in_a_table_know_their_kind(tmp_path: Path) -> None:
    columns = "[name, target.value, target.source, elastic.penalty.value, max_gap.2026, kind]"
    rows = "[[a, 0.9, x, 5, ~, served], [b, ~, ~, ~, 0.1, sharing]]"
    (tmp_path / "case.yaml").write_text(f"requirements: {{table: {{columns: {columns}, rows: {rows}}}}}\n")
    assert plain(Reader(tmp_path / "case.yaml").read())["requirements"] == {
        "a": {"kind": "served", "target": {"value": 0.9, "source": "x"}, "elastic": {"penalty": {"value": 5}}},
        "b": {"kind": "sharing", "max_gap": {2026: 0.1}},
    }


WRONG = [
    (ROWS.replace("40", "many"), HEADER, CASE, "plants.csv:4:3 wrong-type facilities.coast.capacity"),
    (ROWS.replace("40", "2026-03-01"), HEADER, CASE, "plants.csv:4:3 wrong-type facilities.coast.capacity"),
    (ROWS.replace("AU", "UK"), HEADER, CASE, "plants.csv:4:2 dangling-name"),
    (ROWS + "hill,US,1,,,dig,,,\n", HEADER, CASE, "plants.csv:5:1 duplicate-key hill is given twice, first at"),
    (ROWS + "yard,US,1,,,dig,,,\n", HEADER, CASE, "duplicate-key yard is given twice, first at plants.csv:5:1"),
    (ROWS + "a,US\n", HEADER, CASE, "plants.csv:5:1 table a row of 9 cells is expected, one per column: found 2"),
    (ROWS + "a,US,1,,,dig,,,,7\n", HEADER, CASE, "plants.csv:5:10 table the column of this cell has no name"),
    (ROWS + ",US,1,,,dig,,,\n", HEADER, CASE, "plants.csv:5:1 table the row has no name"),
    (ROWS, HEADER.replace("title", "titel"), CASE, "plants.csv:4:9 unknown-key"),
    (ROWS, HEADER.replace("title", "region"), CASE, "plants.csv:1:9 duplicate-key the column region is given twice"),
    (ROWS, HEADER.replace("processes.0", ""), CASE, "plants.csv:1:6 duplicate-key the column (no name)"),
    (ROWS, HEADER.replace("name", "plant"), CASE, "plants.csv:1:1 table a table needs a name for every row"),
    (ROWS.replace(",", ";"), HEADER.replace(",", ";"), CASE, "plants.csv:1:1 table cells are separated by semicolons"),
    (ROWS + '"a,US\n', HEADER, CASE, "plants.csv:5:1 table this is not CSV"),
    (ROWS + "a\x07,US,1,,,dig,,,\n", HEADER, CASE, "plants.csv:5:1 control-character"),
    ("", "", CASE, "plants.csv:1:1 table plants.csv has no row with the names of columns"),
    (ROWS, HEADER, CASE.replace("plants.csv", "plants.txt"), "case.yaml:12:11 wrong-choice a table is a file"),
    (ROWS, HEADER, CASE.replace("plants.csv", "none.csv"), "case.yaml:12:11 no-file there is no file none.csv"),
    (ROWS, HEADER, CASE.replace("plants.csv", "../plants.csv"), "case.yaml:12:11 outside-directory"),
    (ROWS, HEADER, CASE.replace("plants.csv", "/etc/passwd.csv"), "case.yaml:12:11 outside-directory"),
    (ROWS, HEADER, CASE.replace("plants.csv", "plants.csv, sheet: a"), "case.yaml:12:11 wrong-choice"),
    (ROWS, HEADER, CASE.replace("plants.csv", "plants.csv, rows: []"), "case.yaml:12:29 table the rows of this table"),
    (ROWS, HEADER, CASE.replace("file: plants.csv", "sheet: a, rows: [], columns: [name]"), "table a sheet is one of"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "header", "case", "said"), WRONG, ids=[wrong[-1] for wrong in WRONG])
def test_what_is_wrong_is_named_by_file_row_and_column(
    rows: str, header: str, case: str, said: str, tmp_path: Path
) -> None:
    assert said in refused(written(tmp_path, rows, header, case))


def test_a_link_leads_to_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(HEADER + ROWS)
    inner = tmp_path / "case"
    inner.mkdir()
    file = written(inner)
    (inner / "plants.csv").unlink()
    (inner / "plants.csv").symlink_to(tmp_path / "secret.csv")
    assert "outside-directory" in refused(file)


@pytest.mark.parametrize(("row", "said"), [
    (["a", datetime.datetime(2026, 3, 1)], "plants.xlsx[plants]:2:2 table B2 is a date: 2026-03-01"),
    (["a", datetime.time(3, 1)], "plants.xlsx[plants]:2:2 table B2 is a date"),
    (["a", "#N/A"], "plants.xlsx[plants]:2:2 table B2 has an error: #N/A"),
    (["a", "=1+1"], "plants.xlsx[plants]:2:2 table the formula in B2 has no value"),
    (["a", "40"], "plants.xlsx[plants]:2:2 wrong-type facilities.a.capacity"),
    (["a", True], "plants.xlsx[plants]:2:2 wrong-type facilities.a.capacity"),
    (["a", 1, 7], "plants.xlsx[plants]:2:3 table the column of this cell has no name"),
    (["a\u202eb", 1], "plants.xlsx[plants]:2:1 control-character"),
])  # fmt: skip
def test_what_is_wrong_in_a_sheet_is_named_by_cell(row: list[Any], said: str, tmp_path: Path) -> None:
    sheet_of(tmp_path, "plants.xlsx", [["name", "capacity"], row])
    assert said in refused(written(tmp_path, case=CASE.replace("plants.csv", "plants.xlsx")))


def test_sheets_are_chosen_by_name(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(sheet_of(tmp_path, "plants.xlsx", [["name"]]))
    book.create_sheet("2030").append(["name", "capacity"])
    book.save(tmp_path / "plants.xlsx")

    def with_sheet(words: str) -> str:
        return refused(written(tmp_path, case=CASE.replace("plants.csv", f"plants.xlsx{words}")))

    assert "the workbook has 2 sheets - say which: sheet: plants" in with_sheet("")
    assert "the workbook has no sheet plant - did you mean plants?" in with_sheet(", sheet: plant")
    planner.validate(written(tmp_path, case=CASE.replace("plants.csv", "plants.xlsx, sheet: 2030")))


def packed(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def far_row(folder: Path) -> bytes:
    """A workbook whose last row says that it is the one with the number 10 to the power of 12."""
    with zipfile.ZipFile(sheet_of(folder, "plain.xlsx", [["name"], ["a"]])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    page = "xl/worksheets/sheet1.xml"
    parts[page] = parts[page].replace(b'<row r="2"', b'<row r="1000000000000"').replace(b'r="A2"', b"")
    return packed(parts)


@pytest.mark.parametrize(("content", "said"), [
    (lambda _: b"name,capacity\n", "plants.xlsx is not a workbook that can be read: BadZipFile"),
    (lambda _: packed({"a": b"b"}), "plants.xlsx is not a workbook that can be read"),
    (lambda _: packed({"xl/workbook.xml": b" " * (spreadsheet.MOST_UNPACKED + 1)}), "too-large the workbook is larger"),
    (lambda folder: sheet_of(folder, "wide.xlsx", [["name"] * 301]).read_bytes(), "plants.xlsx[plants]:1:1 too-large"),
    (far_row, "too-large a table has at most 50,000 rows"),
])  # fmt: skip
def test_damaged_and_huge_workbooks(content: Callable[[Path], bytes], said: str, tmp_path: Path) -> None:
    (tmp_path / "plants.xlsx").write_bytes(content(tmp_path))
    assert said in refused(written(tmp_path, case=CASE.replace("plants.csv", "plants.xlsx")))


def test_huge_csv_is_refused(tmp_path: Path) -> None:
    assert "plants.csv:50001:1 too-large" in refused(written(tmp_path, "a\n" * 50_000, "name\n"))
    assert "plants.csv:1:1 too-large" in refused(written(tmp_path, "", ",".join(map(str, range(301)))))


def test_without_the_extra_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet_of(tmp_path, "plants.xlsx", [["name"]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert r"-e '.[excel]'" in refused(written(tmp_path, case=CASE.replace("plants.csv", "plants.xlsx")))


def test_the_schema_knows_tables_in_files() -> None:
    schema = Draft202012Validator(json_schema())
    schema.validate(yaml.safe_load(CASE))
    for table in ("{sheet: a}", "{file: plants.txt}", "{file: 3}", "{columns: [name]}"):
        assert list(schema.iter_errors({"facilities": {"table": yaml.safe_load(table)}})), table
