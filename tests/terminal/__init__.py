"""Tests of `planner/terminal/`."""
