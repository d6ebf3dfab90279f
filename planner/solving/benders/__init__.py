"""Benders' decomposition: investments and the trunk of the tree in a master, every branch a program of its own."""
