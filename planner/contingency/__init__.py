"""Losses of a plant, country, supplier or lane: the losses a plan survives, and plans that survive all of them."""
