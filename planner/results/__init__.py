"""From values to facts: the tables of a run, their meaning, and how they are written."""
