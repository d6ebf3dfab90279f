"""Why there is no plan and what would help; how far any amount of money could reach; why a project is in or out."""

from planner.reasons.conflict import Explanation, explained

__all__ = ["Explanation", "explained"]
