"""Tests of `planner/contingency/`."""
