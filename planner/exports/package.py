"""A run as one file in the Data Package form: its tables, their description, figures, manifest and instance."""

from __future__ import annotations

import zipfile
from pathlib import Path

from planner.reports.run import Run
from planner.results.write import MARK, json_bytes

EPOCH = (1980, 1, 1, 0, 0, 0)  # The same run gives the same bytes.


def write(run: Run, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**run.held.contents, MARK: json_bytes(run.manifest)}.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
