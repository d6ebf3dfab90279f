"""The mathematics: an instance spelled out into sets, and every variable and constraint over them."""
