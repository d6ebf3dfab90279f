"""Tests of `planner/language/`."""
