"""Comparison of runs: differences in the input, and their effect on plan and results."""
