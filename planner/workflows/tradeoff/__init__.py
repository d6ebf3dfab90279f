"""Trade-offs: the cost of each level of security, and other plans at about the same cost."""
