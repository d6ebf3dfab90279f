"""Solving a program: the seam to HiGHS, searches and heuristics, decomposition, what is proven."""
