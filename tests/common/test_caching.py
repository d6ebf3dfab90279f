"""Results of functions are kept by the object they are about, and by nothing that outlives it."""

from __future__ import annotations

import ast
import gc
import pickle
import weakref
from collections.abc import Iterator
from dataclasses import dataclass

from planner.common.caching import CacheOwner, cached
from planner.common.identity import ByIdentity, distinct, each_once, numbered
from planner.formulation.network import build_network
from planner.program.program import assemble
from planner.reading.document import load
from tests.paths import ROOT

PLAIN = {"str", "int", "float", "bool", "frozenset[str]", "type[Part]"}  # Values that any number of objects share.


@dataclass(frozen=True, eq=False)
class Box(CacheOwner):
    content: list[int]


@cached
def total(box: Box, times: int) -> int:
    box.content.append(0)  # Shows that it is called.
    return times * sum(box.content)


def test_a_function_is_called_once_for_each_owner_and_argument() -> None:
    one, other = Box([1, 2]), Box([5])
    assert [total(one, 1), total(one, 1), total(one, 2), total(other, 1)] == [3, 3, 6, 5]
    assert (len(one.content), len(other.content)) == (4, 2)


def test_a_copy_in_another_process_begins_with_nothing() -> None:
    box = Box([1])
    total(box, 1)
    assert box.cache
    assert not pickle.loads(pickle.dumps(box)).cache


def test_what_is_kept_for_a_network_is_dropped_with_it() -> None:
    network = build_network(load(ROOT / "instances" / "quickstart.yaml").instances())
    assert len(assemble(network).cost)
    assert network.cache
    gone = weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None


def shared_caches() -> Iterator[tuple[str, list[str]]]:
    """Functions whose results are kept for the life of the process, with the types of what they take."""
    for path in (ROOT / "planner").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                decorators = {ast.unparse(d).partition("(")[0].rpartition(".")[2] for d in node.decorator_list}
                if decorators & {"cache", "lru_cache"}:
                    types = [ast.unparse(a.annotation) for a in node.args.args if a.annotation]
                    yield f"{path.stem}.{node.name}", types


def test_only_results_of_plain_values_are_kept_for_the_life_of_the_process() -> None:
    found = dict(shared_caches())
    assert "patterns._compiled" in found
    assert {name: types for name, types in found.items() if not set(types) <= PLAIN} == {}


def told_by_id() -> set[str]:
    """The modules in which objects are told by their `id`."""
    return {
        path.relative_to(ROOT / "planner").as_posix() for path in (ROOT / "planner").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name) and node.id == "id"
    }


def test_objects_are_told_by_their_id_in_one_place() -> None:
    asked_for = {"solving/mpi_sppy/ranks.py"}  # Penalties of progressive hedging, for mpi-sppy.
    assert told_by_id() - asked_for == {"common/identity.py"}


def test_equal_objects_stay_apart_and_the_same_one_is_met_once() -> None:
    one, other = [1], [1]
    values = {"a": one, "b": other, "c": one}
    assert distinct(values.values()) == [one, other]
    assert numbered(values.values()) == [0, 1, 0]
    changed = each_once(values, list)
    assert changed["a"] is changed["c"] is not changed["b"]
    known = ByIdentity[list[int], str]()
    known[one] = "one"
    assert (one in known, other in known, known[one]) == (True, False, "one")
