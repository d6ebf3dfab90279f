"""Every table of a run as a Parquet file in one folder; a column's meaning travels in its metadata."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from planner.reports.opened import Opened
from planner.results.manifest import COLUMNS


def write(run: Opened, target: Path) -> None:
    target.mkdir()
    facts = {"run": run.manifest["run_sha256"], "instance": run.manifest["instance_sha256"],
             "units": json.dumps(run.instance.units.model_dump(exclude_none=True))}
    for name, table in run.tables.items():
        columns = pa.Table.from_pandas(table, preserve_index=False)
        fields = [field.with_metadata({"description": COLUMNS[field.name]}) if field.name in COLUMNS else field
                  for field in columns.schema]
        schema = pa.schema(fields, metadata={f"planner.{key}": value for key, value in facts.items()})
        pq.write_table(columns.cast(schema), target / f"{name}.parquet", compression="zstd")
