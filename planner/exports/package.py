"""A run as one file in the Data Package form: its tables, their description, figures, manifest and instance."""

from __future__ import annotations

import zipfile
from pathlib import Path

from planner.reports.opened import Opened
from planner.results.recall import PACKAGE, SUMMARY
from planner.results.write import MARK, RESOLVED

EPOCH = (1980, 1, 1, 0, 0, 0)  # The same run gives the same bytes.


def write(run: Opened, target: Path) -> None:
    names = [PACKAGE, SUMMARY, MARK, RESOLVED, *(f"{table}.csv" for table in run.tables)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (run.folder / name).read_bytes())
