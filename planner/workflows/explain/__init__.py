"""Why there is no plan and what would help; how far any amount of money could reach; why a project is in or out."""

from planner.workflows.explain.conflict import Explanation, explained
from planner.workflows.explain.unbounded import Endless, endless

__all__ = ["Endless", "Explanation", "endless", "explained"]
