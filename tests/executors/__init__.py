"""Tests of `planner/executors/`."""
