"""Tables that are shown as the answer of a command and not written to a folder."""

from __future__ import annotations

from planner.tables.column import NODE, NODE_OR_WHOLE, boolean, declared, integer, label, number, text

REASONS = (
    declared(
        "bounds", "The best possible level of every requirement, regardless of cost.", "requirement node",
        text("requirement", "requirement"),
        text("kind", "kind of requirement"),
        *NODE_OR_WHOLE,
        integer("rows", "rows of the program it makes there"),
        number("target", "share that is asked", "share", blank=True),
        number("best", "best share possible", "share", blank=True),
        number("lacking", "least amount that it lacks", "[unit]"),
        number("lacking_together", "amount that it lacks where all requirements together lack least", "[unit]"),
        boolean("reachable", "it can be met"),
        boolean("is_least", "no less can lack; else time was over before it was asked alone"),
        label(),
    ),
    declared(
        "worth", "The rows of operation through which a project saves most.", "row",
        text("row", "balance, capacity or rule"),
        number("worth", "shadow price times what the project brings there", "money"),
        label("unit of money"),
    ),
    declared(
        "passing", "Effect of all controls on what passes.", "measure exporter item destination class node",
        text("measure", "passes, price, quota, pace or dearer"),
        text("exporter", "exporter that controls", blank=True),
        text("item", "commodity, supplier, control or project"),
        text("destination", "region it goes to", blank=True),
        text("class", "class of users, or all"),
        *NODE,
        number("value", "share, factor, most in all, or rate of work", "[measure]"),
    ),
)
