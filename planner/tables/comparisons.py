"""Tables of a comparison: what differs between a baseline and other runs."""

from __future__ import annotations

from planner.tables.column import Column, Table, boolean, declared, label, number, text

RUN = text("run", "run that is compared with the baseline")

PROVEN = (
    number("difference", "value less baseline", "[unit]", blank=True),
    number("least", "proven to be at least; empty where nothing is proven", "[unit]", blank=True),
    number("most", "proven to be at most; empty where nothing is proven", "[unit]", blank=True),
    boolean("told", "all that is proven of the difference has one sign"),
)


def _side_by_side(name: str, meaning: str, *keys: Column) -> Table:
    """Values of a run next to those of the baseline, identified by `keys`."""
    return declared(
        name, meaning, " ".join([*(k.name for k in keys), "unit", "run"]),
        *keys,
        label("unit of the values", blank=True),
        RUN,
        number("baseline", "value of the baseline; empty where it has none", "[unit]", blank=True),
        number("value", "value of the run; empty where it has none", "[unit]", blank=True),
        number("difference", "value less baseline", "[unit]", blank=True),
        number("relative", "difference as a share of the size of the baseline", "share", blank=True),
    )


COMPARISON = (
    declared(
        "runs", "The runs that are compared, the baseline first.", "run",
        text("run", "path of the run, numbered where it is named twice"),
        text("instance", "name of its instance"),
        text("status", "how it ended", blank=True),
        number("objective", "objective of its plan", "[unit]", blank=True),
        number("bound", "proven bound of the objective", "[unit]", blank=True),
        number("gap", "relative gap proven", "share", blank=True),
        label("unit of money", blank=True),
        text("instance_sha256", "digest of the instance as solved", blank=True),
        text("run_sha256", "digest of all that determines the run", blank=True),
        text("folder", "folder of the run", blank=True),
    ),
    declared(
        "proof", "By how much the objectives differ, and what is proven of it.", "run",
        RUN,
        *PROVEN,
        boolean("equal", "they are proven to be the same"),
        label("unit of money", blank=True),
        text("note", "caution before the difference is read as the effect of a measure", blank=True),
    ),
    declared(
        "same_plan", "Cost of a change on a fixed plan, carried out in both instances.", "run plan",
        RUN,
        text("plan", "run whose plan is carried out"),
        number("baseline", "objective of the plan in the baseline's instance", "[unit]", blank=True),
        number("value", "objective of the plan in the run's instance", "[unit]", blank=True),
        *PROVEN,
        label("unit of money", blank=True),
        text("reason", "why the plan cannot be carried out", blank=True),
    ),
    declared(
        "inputs", "Every path of the instances whose value is not the same.", "path run",
        text("path", "path in the instance"),
        RUN,
        text("baseline", "value in the baseline; empty where it is not stated", blank=True),
        text("value", "value in the run; empty where it is not stated", blank=True),
        number("factor", "value / baseline of numbers", "factor", blank=True),
        boolean("provenance", "it says where a figure comes from, not what it is"),
        text("baseline_place", "file, line and column in the baseline", blank=True),
        text("place", "file, line and column in the run", blank=True),
    ),
    declared(
        "plan", "Every project in the plans: when it is decided and how large it is.", "project branch run",
        text("project", "project"),
        text("branch", "branch of the future it is decided on; empty of a common plan", blank=True),
        text("title", "title of the project", blank=True),
        text("region", "region"),
        text("stage", "stage", blank=True),
        RUN,
        text("change", "built, not built, same, or earlier, later, larger, smaller"),
        number("baseline_decided", "first decision in the baseline", "year", blank=True),
        number("decided", "first decision in the run", "year", blank=True),
        number("moved", "years by which it is later", "years", blank=True),
        number("baseline_size", "size in the baseline", "[size_unit]"),
        number("size", "size in the run", "[size_unit]"),
        number("difference", "size less that in the baseline", "[size_unit]"),
        number("relative", "difference as a share of the size in the baseline", "share", blank=True),
        label("unit of the sizes", "size_unit"),
        number("baseline_capital", "overnight capital cost in the baseline", "[money_unit]"),
        number("capital", "overnight capital cost in the run", "[money_unit]"),
        label("unit of money", "money_unit"),
    ),
    _side_by_side("figures", "Key figures.", text("figure", "name of the figure")),
    _side_by_side("costs", "Discounted cost by item.", text("item", "kind of cost")),
    _side_by_side("served", "Share of demand served.", text("scope", "future and class of users"),
                  text("measure", "over the horizon, or of the worst demand and year")),
    _side_by_side("shares", "Share of each country in each stage, expected over the horizon.",
                  text("stage", "stage of the chain"), text("country", "country")),
    _side_by_side("requirements", "Achievement of requirements.", text("requirement", "requirement"),
                  text("measure", "figure compared")),
    _side_by_side("prices", "Mean shadow prices.", text("commodity", "commodity"), text("region", "region")),
)
