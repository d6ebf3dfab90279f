"""Why there is no plan and what would help; how far any amount of money could reach; why a project is in or out."""

from planner.reasons.conflict import Explanation, explained
from planner.reasons.unlimited import Endless, endless

__all__ = ["Endless", "Explanation", "endless", "explained"]
