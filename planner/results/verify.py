"""The independent check of tables that no run folder holds."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from planner.check import CheckReport, check_run
from planner.language.instance import Instance
from planner.results.write import read_tables, write_tables
from planner.tables.schemas import RUN


def verified(
    instances: Mapping[str, Instance], tables: Mapping[str, pd.DataFrame], objective: float, is_cheapest: bool = False
) -> CheckReport:
    """The check of tables as they would be written; `objective` in the instance's own sense."""
    with tempfile.TemporaryDirectory() as folder:
        write_tables(tables, Path(folder), RUN)
        return check_run(instances, read_tables(Path(folder)), objective, is_cheapest=is_cheapest)
