"""A second, separate statement of the whole mathematics, for testing the planner against."""
