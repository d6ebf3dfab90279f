"""The page on Python functions says what a script really gets."""

from __future__ import annotations

import re

from planner.manual import generated


def section(title: str) -> str:
    """A section of the page on Python functions."""
    return generated.python().partition(f"## {title} {{#")[2].partition("\n## ")[0]


def test_functions_return_classes_that_the_page_describes() -> None:
    """`solve` and `evaluate` wrap functions of other modules, which return classes that a script never meets."""
    text = generated.python()
    for function, returned in (("solve", "Run"), ("open_run", "Run"), ("evaluate", "Evaluation")):
        assert f") -> {returned}\n```" in section(f"planner.{function}")
        assert f"Returns: [{returned}](#class-{returned})." in section(f"planner.{function}")
    assert "-> Explanation | Endless | None\n" in section("planner.explain")
    assert {"Run", "Evaluation", "Explanation", "Endless", "Problem"} <= set(re.findall(r"\{#class-(\w+)\}", text))
    assert "Solved" not in text


def test_classes_have_the_members_of_their_bases() -> None:
    rows = dict(re.findall(r"^\| `(\S+)` \| (.*) \|$", section("Run"), re.MULTILINE))
    assert {"document", "tables", "figures", "outcome", "folder", "instance", "views", "show()", "of()"} <= set(rows)
    assert (rows["folder"], rows["instance"], rows["seconds"]) == ("Path \\| None", "Instance", "Seconds per phase.")
    assert "cache" not in rows
    assert "| `run` | Run |" in section("Evaluation")
    assert r"| `hint` | str \| None |" in section("Problem")
