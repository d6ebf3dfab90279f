"""Tests of `planner/program/`."""
