"""Rules that a schema cannot state: names, recipes, reach, timing, coherence."""
