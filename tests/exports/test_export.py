"""Runs in the formats of other tools, read back by those tools."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as Tree
import zipfile
from pathlib import Path

import highspy
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

import planner as package
from planner.common.errors import InputError
from planner.exports.export import FORMATS
from planner.exports.graph import SPACE
from planner.reports.run import Run, open_run
from planner.workflows.model_file import write_model
from tests.commands import PATIENCE, planner
from tests.paths import QUICKSTART


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export")
    result = planner("solve", QUICKSTART, "--quiet", "--out", "run", cwd=place)
    assert result.returncode == 0, result.stderr
    return place / "run"


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return open_run(folder)


def test_command_writes_beside_the_run_and_never_over_anything(folder: Path) -> None:
    result = planner("export", folder, "--format", "graphml", "--json", cwd=folder)
    assert json.loads(result.stdout) == {"export": str(folder.with_name("run.graphml")), "format": "graphml"}
    before = folder.with_name("run.graphml").read_bytes()
    result = planner("export", folder, "--format", "graphml", cwd=folder)
    assert result.returncode == 2
    assert "occupied" in result.stderr
    assert folder.with_name("run.graphml").read_bytes() == before
    result = planner("export", folder, "--format", "excel", cwd=folder)
    assert result.returncode == 2
    assert "not a format" in result.stderr
    assert [f for f in folder.parent.iterdir() if f.name.startswith(".")] == []


def test_workbook_has_every_table_typed_under_frozen_headers(run: Run, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(package.export(run, "xlsx", tmp_path / "run.xlsx"))
    assert set(run.tables) | {"read me", "columns", "figures", "sources"} == set(book.sheetnames)
    for name, table in run.tables.items():
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        header, *rows = sheet.iter_rows(values_only=True)
        assert list(header) == list(table.columns)
        assert len(rows) == len(table)
        for position, column in enumerate(table.columns):
            if pd.api.types.is_numeric_dtype(table[column]):
                found = [row[position] for row in rows]
                assert all(value is None or isinstance(value, int | float) for value in found)
                assert pd.Series(found, dtype="float64").tolist() == pytest.approx(
                    table[column].astype("float64").tolist(), rel=1e-15, nan_ok=True)
    units = {row[0]: row[1] for row in book["read me"].iter_rows(values_only=True)}
    assert "USD/kg" in str(units["units"])
    assert book["figures"].max_row > 50


@pytest.mark.long
def test_iamc_table_is_read_by_pyam(run: Run, tmp_path: Path) -> None:
    """In a process of its own: pyam warns on import, and here warnings are errors."""
    file = package.export(run, "iamc", tmp_path / "run.csv")
    script = (
        "import pyam, sys; frame = pyam.IamDataFrame(sys.argv[1]);"
        "print(sorted(frame.scenario), frame.filter(variable='Demand|Required|ev', region='World', scenario='truce',"
        " year=2026).data['value'].tolist(), frame.unit)"
    )
    command = [sys.executable, "-W", "ignore", "-c", script, str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert result.returncode == 0, result.stderr
    assert "['embargo', 'truce'] [2200.0]" in result.stdout
    assert "USD/kg" in result.stdout


def test_iamc_regions_add_up_and_uneven_periods_are_refused(run: Run, folder: Path, tmp_path: Path) -> None:
    table = pd.read_csv(package.export(run, "iamc", tmp_path / "run.csv"))
    assert not table.duplicated(["Scenario", "Region", "Variable", "Year"]).any()
    cost = table[table["Variable"].str.startswith("Cost|")]
    summed = cost.groupby([cost["Region"] == "World", "Scenario", "Year"])["Value"].sum()
    assert summed[True].tolist() == pytest.approx(summed[False].tolist())
    costs = run.tables["costs"]
    paid = costs[costs["node"].isin(run.paths["embargo"])]["yearly"].sum()
    assert summed[True]["embargo"].sum() == pytest.approx(paid)
    half = tmp_path / "half"
    result = planner("solve", QUICKSTART, "--set", "time.start=2026.5", "--quiet", "--out", half, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    with pytest.raises(InputError, match="not-yearly"):
        package.export(half, "iamc")


def test_parquet_keeps_types_and_values(run: Run, tmp_path: Path) -> None:
    place = package.export(run, "parquet", tmp_path / "tables")
    assert {file.stem for file in place.iterdir()} == set(run.tables)
    for name, table in run.tables.items():
        read = pq.read_table(place / f"{name}.parquet")
        pd.testing.assert_frame_equal(read.to_pandas(), table, check_dtype=False)
    meta = pq.read_schema(place / "plan.parquet").metadata
    assert meta[b"planner.run"].decode() == run.manifest["run_sha256"]


def _starts(solver: highspy.Highs, file: Path) -> set[str]:
    """What another solver's solution decides, by the full names that stand beside the file."""
    table = pd.read_csv(f"{file}.names.csv", keep_default_na=False)
    assert not table["name_in_file"].duplicated().any()
    assert table["name_in_file"].str.fullmatch(r"[cr][0-9]+_[A-Za-z0-9_]{0,57}").all()
    lp, values = solver.getLp(), solver.getSolution().col_value
    columns, rows = (set(table.loc[table["kind"] == kind, "name_in_file"]) for kind in ("column", "row"))
    assert set(lp.row_names_) <= rows
    assert set(lp.col_names_) == columns
    full = dict(zip(table["name_in_file"], table["name"], strict=True))
    found = {full[name]: value for name, value in zip(lp.col_names_, values, strict=True)}
    return {name for name, value in found.items() if name.startswith("start[") and value > 0.5}


@pytest.mark.parametrize("format", ["mps", "lp"])
def test_model_has_the_same_optimum_when_read_back(run: Run, tmp_path: Path, format: str) -> None:
    file = package.export(run, format, tmp_path / f"model.{format}")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 1e-6)
    solver.readModel(str(file))
    solver.run()
    assert _starts(solver, file) >= {"start[magnets_1,2026]", "start[magnets_2,2026]"}
    found = solver.getInfo().objective_function_value
    assert run.figures["bound"] - 1e-6 * abs(found) <= found <= run.figures["objective"] + 1e-6 * abs(found)
    assert found == pytest.approx(run.figures["objective"], rel=2 * run.figures["gap"] + 1e-6)


def test_graph_joins_what_the_recipes_join(run: Run, tmp_path: Path) -> None:
    root = Tree.parse(package.export(run, "graphml", tmp_path / "run.graphml")).getroot()
    space = {"g": SPACE}
    names = {node.get("id") for node in root.iterfind(".//g:node", space)}
    edges = {(edge.get("source"), edge.get("target")) for edge in root.iterfind(".//g:edge", space)}
    assert {end for edge in edges for end in edge} <= names
    assert ("facility/magnets", "balance/magnet.n/US") in edges
    assert ("balance/oxide.ndpr/AU", "balance/oxide.ndpr/US") in edges
    assert ("balance/magnet.n/US", "demand/US.ev") in edges
    assert ("supplier/china.metal", "balance/metal.ndpr/US") in edges
    keys = {key.get("id") for key in root.iterfind("g:key", space)}
    assert {data.get("key") for data in root.iterfind(".//g:data", space)} <= keys


def test_data_package_is_valid_for_frictionless(run: Run, folder: Path, tmp_path: Path) -> None:
    """In a process of its own, for the same reason as pyam; the run's own folder is valid too."""
    file = package.export(run, "datapackage", tmp_path / "run.zip")
    assert file.read_bytes() == package.export(run, "datapackage", tmp_path / "again.zip").read_bytes()
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "unpacked")
    script = "import sys, frictionless as f; [print(f.validate(name).valid) for name in sys.argv[1:]]"
    files = [str(place / "datapackage.json") for place in (folder, tmp_path / "unpacked")]
    command = [sys.executable, "-W", "ignore", "-c", script, *files]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert result.stdout.split() == ["True", "True"], result.stderr


def test_every_format_is_named_by_the_command() -> None:
    said = planner("export", "--help", cwd=Path.cwd()).stdout
    assert all(name in said for name in FORMATS)


@pytest.mark.parametrize("format", ["mps", "lp"])
def test_a_model_whose_numbers_a_file_would_lose_is_refused(tmp_path: Path, format: str) -> None:
    """Readers take entries below 1e-9 for nothing: what the recipe makes would be lost."""
    program = package.build(QUICKSTART, sets=["facilities.metal.availability=1e-11"])
    with pytest.raises(InputError, match="too large or too small for a file"):
        write_model(program, str(tmp_path / f"model.{format}"))
    assert list(tmp_path.iterdir()) == []
