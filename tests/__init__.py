"""Tests of the planner, and a separate reference to test it against."""
