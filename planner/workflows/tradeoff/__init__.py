"""What else could be chosen: more security for more money, and other plans that cost about the same."""
