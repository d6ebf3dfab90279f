"""Losses of a plant, country, supplier or lane: which a plan bears, and plans that bear them all."""
