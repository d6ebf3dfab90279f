"""Tests of `planner/formulation/`."""
