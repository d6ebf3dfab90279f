"""Tests of `planner/exports/`."""
