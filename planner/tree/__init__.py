"""The tree of futures and shocks: nodes, their probabilities and the scenarios that pass through them."""
