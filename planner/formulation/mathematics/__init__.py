"""The mathematics, one file per chapter; every rule's docstring is its equation."""
