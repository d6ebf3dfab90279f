"""Benchmarks: run by hand, never by the test suite. Compare ratios within one run, not seconds between runs."""
