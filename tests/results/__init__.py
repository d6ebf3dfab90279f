"""Tests of `planner/results/`."""
