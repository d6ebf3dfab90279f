"""Every table of a run as a Parquet file in one folder; a column's meaning travels in its metadata."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from planner.reports.run import Run
from planner.tables.schemas import RUN

TYPES = {"text": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_()}


def write(run: Run, target: Path) -> None:
    target.mkdir()
    facts = {"run": run.manifest["run_sha256"], "instance": run.manifest["instance_sha256"],
             "units": json.dumps(run.instance.units.model_dump(exclude_none=True))}
    for name, table in run.tables.items():
        fields = [pa.field(c.name, TYPES[c.type], metadata={"description": c.meaning, "unit": c.unit})
                  for c in RUN[name].columns]
        schema = pa.schema(fields, metadata={f"planner.{key}": value for key, value in facts.items()})
        columns = pa.Table.from_pandas(table, schema, preserve_index=False)
        pq.write_table(columns, target / f"{name}.parquet", compression="zstd")
