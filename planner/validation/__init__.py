"""What a schema cannot see: names, recipes, reach, timing, coherence."""
