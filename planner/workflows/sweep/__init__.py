"""Studies: many runs of one instance under changed assumptions, and what they say together."""
