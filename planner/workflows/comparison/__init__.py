"""Runs beside each other: what differs in the input, and what that does to plan and results."""
