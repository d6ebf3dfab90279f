"""Tables of questions that take many runs: sweeps, frontiers, alternatives, and what is worth knowing."""

from __future__ import annotations

from planner.tables.column import NODE, Table, boolean, declared, integer, label, number, text
from planner.tables.decisions import DECISIONS

RATE = "quantity/year"
PLAN = next(table for table in DECISIONS if table.name == "plan")

SWEEP = (
    declared(
        "runs", "Every run of the study: how it ended.", "run",
        integer("run", "number of the run; 0 is the instance as it stands"),
        integer("seed", "seed of the solver"),
        text("status", "how the run ended"),
        text("reason", "why it has no plan, or a doubt", blank=True),
        number("gap", "relative gap proven", "share", blank=True),
        number("objective", "objective of the plan", "money", blank=True),
        number("tests_passed", "tests of the independent check that passed", "tests", blank=True),
        number("again", "objective when solved from scratch as well", "money", blank=True),
    ),
    declared(
        "inputs", "Values of the factors in every run.", "run factor",
        integer("run", "number of the run"),
        text("factor", "factor of the study"),
        text("value", "value set"),
        number("quantile", "quantile of the factor that the value stands for", "share", blank=True),
    ),
    declared(
        "figures", "Key figures of every run.", "run figure",
        integer("run", "number of the run"),
        text("figure", "name of the figure"),
        number("value", "value", "[unit]"),
        label("unit of the figure", blank=True),
    ),
    declared(
        "projects", "Every project in every run that has a plan.", "run project",
        integer("run", "number of the run"),
        text("project", "project"),
        text("title", "title of the project", blank=True),
        text("region", "region"),
        text("stage", "stage", blank=True),
        integer("built", "1 if it is decided"),
        number("decided", "year of its first decision", "year", blank=True),
        number("size", "capacity decided in all", RATE),
        number("capital_cost", "overnight capital cost", "money"),
    ),
    declared(
        "sensitivity", "Sensitivity of every key figure, by the method that belongs to the design.",
        "figure factor measure at",
        text("figure", "name of the figure"),
        text("factor", "factor of the study"),
        text("method", "one_way, grid, sobol, morris or ranks"),
        text("measure", "measure of the method; no_plan or unknown where a run has no plan or failed"),
        text("at", "value of the factor, of one_way and grid", blank=True),
        number("value", "value of the measure; empty of a run without a plan", "[unit]", blank=True),
        number("low", "lower end of its 95 % interval", "[unit]", blank=True),
        number("high", "upper end of its 95 % interval", "[unit]", blank=True),
        integer("used", "runs, blocks or trajectories it is computed from: those in which every run has a plan"),
        integer("of", "runs, blocks or trajectories of the design"),
        label("unit of the figure", blank=True),
    ),
    declared(
        "no_regret", "Every project: how often it is built, and what drives it in or out.", "project",
        text("project", "project"),
        text("title", "title of the project", blank=True),
        text("region", "region"),
        text("stage", "stage", blank=True),
        integer("runs", "runs of the study"),
        integer("plans", "runs with a plan"),
        number("share", "share of all runs that build it; one without a plan builds nothing", "share"),
        text("verdict", "always, depends or never"),
        number("median_year", "median year of its first decision", "year", blank=True),
        number("median_size", "median size", RATE, blank=True),
        text("driver", "factor that goes with being built most closely", blank=True),
        number("strength", "rank correlation with it, -1 to 1", "correlation", blank=True),
    ),
)

FRONTIER = (
    declared(
        "frontier", "Least cost of every level of a requirement.", "point",
        integer("point", "number of the point, from the cheapest"),
        text("measure", "figure of the requirement"),
        number("level", "level reached", "[measure]"),
        number("asked", "level asked", "[measure]"),
        number("cost", "objective of the plan", "money"),
        number("bound", "proven bound of the objective", "money"),
        label("unit of money"),
        integer("projects", "decisions of the plan"),
        number("capital_cost", "overnight capital cost", "money"),
    ),
    Table("plans", "The plan of every point.", ("point", *PLAN.key),
          (*PLAN.columns, integer("point", "number of the point"))),
)

ALTERNATIVES = (
    declared(
        "projects", "Every project: must it be built, may it, or never, near the least cost.", "project",
        text("project", "project"),
        text("title", "title of the project"),
        text("region", "region"),
        text("stage", "stage", blank=True),
        text("verdict", "must, optional, never or open"),
        number("cost_without", "objective without it; infinite where that is impossible", "money", blank=True),
        number("bound_without", "proven bound of it", "money", blank=True),
        number("cost_with", "objective with it; infinite where that is impossible", "money", blank=True),
        number("bound_with", "proven bound of it", "money", blank=True),
        boolean("in_best", "the best plan has it"),
        label("unit of money"),
    ),
    declared(
        "alternatives", "Plans that cost about as much as the best.", "plan",
        text("plan", "name of the plan"),
        number("cost", "objective of the plan", "money"),
        label("unit of money"),
        number("extra", "cost above the best, as a share", "share"),
        number("distance", "projects by which it differs from the nearest other", "projects"),
        integer("projects", "projects it has"),
    ),
    declared(
        "countries", "Capital charged in every country.", "country",
        text("country", "country"),
        number("best", "in the best plan", "money"),
        number("least", "at least, within the budget", "money", blank=True),
        number("most", "at most, within the budget", "money", blank=True),
        label("unit of money"),
    ),
    Table("plans", "Every plan.", ("plan", *PLAN.key), (*PLAN.columns, text("plan", "name of the plan"))),
)

LOSSES = (
    declared(
        "losses", "Effect on a plan of every loss tried, worst first.", "loss lost node",
        text("loss", "kind of loss"),
        text("lost", "name of the loss"),
        text("title", "title of it"),
        *NODE,
        number("length", "length of the period", "years"),
        number("required", "demand in scope", RATE),
        number("served", "share served under the loss", "share"),
        number("served_undisturbed", "share served without it", "share"),
        text("worst_demand", "demand served worst", blank=True),
        number("worst_served", "share served of it", "share"),
        number("short", "demand not served because of the loss", RATE),
        number("users_loss", "loss of the users by it", "money/year"),
        integer("rank", "1 for the loss that costs users most"),
        label(),
        label("unit of money", "money_unit"),
    ),
)

VALUE = (
    declared(
        "costs", "Cost of every way to plan.", "question",
        text("question", "way to plan"),
        text("meaning", "description of it"),
        number("objective", "objective; infinite where there is no plan", "money"),
        number("bound", "proven bound of it", "money"),
        label("unit of money"),
    ),
    declared(
        "values", "Value of information, of adapting and of acting early.", "value",
        text("value", "name of the value"),
        text("meaning", "how it is computed"),
        number("amount", "difference of the costs", "money", blank=True),
        number("least", "at least, by what is proven", "money", blank=True),
        number("most", "at most, by what is proven", "money", blank=True),
        number("share", "share of the cost of the common plan", "share", blank=True),
        label("unit of money"),
    ),
)
