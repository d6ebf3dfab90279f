"""Pages about many runs: a sweep, a frontier, alternatives; each view is made from the tables that were written."""
