"""Tests of `planner/tables/`."""
