"""Tests of `planner/reports/`."""
