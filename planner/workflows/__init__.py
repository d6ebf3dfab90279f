"""The questions of users, each from an instance or a run to checked tables."""
