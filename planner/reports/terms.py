"""Words that views, charts and pages have in common."""

from __future__ import annotations

ALL = "all regions"
ROWS = "rows"  # The name by which charts refer to the table.
