"""The linear or mixed-integer program: blocks compiled once, stamped at every node and put together."""
