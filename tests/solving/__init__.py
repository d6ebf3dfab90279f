"""Tests of `planner/solving/`."""
