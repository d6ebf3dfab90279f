"""What a program takes over from the first: it is the same, to the last bit, as if built anew, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from pydantic.fields import FieldInfo

from planner.common.errors import InputError
from planner.common.identity import each_once
from planner.formulation.declarations import Data, Family, Link, Variable
from planner.formulation.mathematics import model
from planner.formulation.network import Network, build_network
from planner.language.figure import Figure, Part, walk_figures
from planner.language.instance import Instance
from planner.program.blocks import NOT_DECIDING, Compiled, decided_by
from planner.program.differences import place_of
from planner.program.incremental import Extent, Reason, Rebuild, Snapshot
from planner.program.program import Program, assemble
from planner.reading.blame import dotted
from planner.reading.document import Document, load
from tests.generators.instances import by_future, instances
from tests.paths import ROOT

SMALL = ("instances/quickstart.yaml", "instances/published/mexss.yaml", "tests/golden/tiny.yaml",
         "tests/golden/secure.yaml", "tests/program/built_lane.yaml", "instances/published/trnspwl.yaml")  # fmt: skip
ARRAYS = ("cost", "lower", "upper", "integer", "row_lower", "row_upper")


class Desk:
    """An instance and a snapshot of its program."""

    def __init__(self, name: str) -> None:
        self.document = load(ROOT / name)
        self.compiled = Compiled(snapshot=Snapshot())
        self.taken = 0
        assert len(_program(self.document, self.compiled).cost)

    def rebuild(self, change: str) -> Rebuild:
        """What a change makes anew, and why."""
        return _program(self.document.changed([change]), self.compiled).pieces.rebuild

    def differs(self, change: str) -> bool:
        """Whether a change makes another program than one built anew; counts those that take something over."""
        try:
            changed = self.document.changed([change])
        except InputError:  # Outside the range of the field.
            return False
        program = _program(changed, self.compiled)
        self.taken += program.pieces.rebuild.extent is not Extent.ALL
        return not same(program, _program(changed, None))


def _program(document: Document, compiled: Compiled | None) -> Program:
    return assemble(build_network(document.instances()), compiled)


def same(one: Program, other: Program) -> bool:
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)
        and one.offset == other.offset and (one.matrix != other.matrix).nnz == 0 and list(one.rows) == list(other.rows)
    )


def changes(document: Document) -> list[str]:
    """A change of every figure."""
    return [
        f"{dotted(f.path)} *= 0.9" if any(f.figure.numbers()) else f"{dotted(f.path)} = 0.05"
        for f in walk_figures(document.instance)
    ]


@pytest.mark.parametrize("name", SMALL)
def test_any_figure_changes_the_program_as_if_it_were_built_anew(name: str) -> None:
    desk = Desk(name)
    every = changes(desk.document)
    assert [change for change in every if desk.differs(change)] == []
    assert desk.taken > len(every) / 2


@pytest.mark.long
def test_figures_of_the_shipped_instance_change_the_program_as_if_it_were_built_anew() -> None:
    desk = Desk("instances/rare-earths-secure.yaml")
    sections: dict[str, list[str]] = {}
    for change in changes(desk.document):
        sections.setdefault(change.partition(".")[0], []).append(change)
    some = [every[len(every) // 2] for every in sections.values()]
    assert [change for change in some if desk.differs(change)] == []
    assert desk.taken


def scaled(value: Any, place: str, path: tuple[Any, ...] = ()) -> Any:
    """A part with every figure at a place (`section.field`) a tenth smaller."""
    if isinstance(value, Figure):
        return value.model_copy(update={"value": value.value * 0.9}) if value.value is not None else value
    if path and place_of(path) not in (place, place.partition(".")[0]):
        return value
    if isinstance(value, dict):
        return {key: scaled(part, place, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [scaled(part, place, (*path, number)) for number, part in enumerate(value)]
    if isinstance(value, Part):
        return value.model_copy(update={key: scaled(part, place, (*path, key)) for key, part in vars(value).items()})
    return value


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances())
def test_generated_instances_field_by_field(raw: dict[str, Any]) -> None:
    compiled, variants = Compiled(snapshot=Snapshot()), by_future(raw)
    assert len(assemble(build_network(variants), compiled).cost)
    for place in sorted({place_of(f.path) for i in variants.values() for f in walk_figures(i)}):
        changed = each_once(variants, lambda i, place=place: scaled(i, place))  # type: ignore[misc]
        kept, anew = (assemble(build_network(changed), known) for known in (compiled, None))
        assert same(kept, anew), place


# --- what is declared ----------------------------------------------------------------------------


@contextmanager
def noted(monkeypatch: pytest.MonkeyPatch, network: Network) -> Iterator[set[str]]:
    """The places of the figures that are read inside; nothing is known of the network that was read before."""
    where = {id(f.figure): place_of(f.path) for i in network.instances.values() for f in walk_figures(i)}
    found: set[str] = set()

    def noting(read: Callable[..., Any]) -> Callable[..., Any]:
        def noted(figure: Figure, *arguments: Any) -> Any:
            found.add(where[id(figure)])
            return read(figure, *arguments)

        return noted

    network.cache.clear()
    with monkeypatch.context() as patch:
        for name in ("at", "numbers"):
            patch.setattr(Figure, name, noting(getattr(Figure, name)))
        yield found


def functions_of(family: Family) -> list[Callable[..., Any]]:
    if isinstance(family, Variable):
        return list(family.functions)
    if isinstance(family, Link):
        return [family.terms, family.constants, *family.costs.values()]
    assert isinstance(family, Data)
    return [family.values]


SHIPPED = pytest.param("instances/rare-earths-shocks.yaml", marks=pytest.mark.long)


@pytest.mark.parametrize("name", [*SMALL, SHIPPED])
def test_families_declare_the_figures_they_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = build_network(load(ROOT / name).instances())
    nodes = network.tree.nodes[:: max(1, len(network.tree.nodes) // 6)]
    undeclared = {}
    for family in (f for f in model.operation(network).families if f.keys):
        for function in functions_of(family):
            for node in nodes:
                with noted(monkeypatch, network) as read:
                    function(node)
                if family.reads is None or not read <= set(family.reads):
                    undeclared[family.name] = read
    assert undeclared == {}


@pytest.mark.parametrize("name", SMALL)
def test_the_structure_declares_the_figures_it_reads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = build_network(load(ROOT / name).instances())
    with noted(monkeypatch, network) as read:
        for node in network.tree.nodes:
            model.structure_of(network, node)
    assert read <= set(model.STRUCTURE_READS)


ALWAYS_ANEW = {  # Read by the investments or by rules on the plan as a whole, or for reporting alone.
    "projects.capital", "projects.public_money", "project_groups.least_size", "project_groups.most_size",
    "project_groups.most_capital", "requirements.most",
}


def parts_in(annotation: Any) -> Iterator[type[Part]]:
    """The parts that a field can hold."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from parts_in(argument)


def holds_figures(field: FieldInfo) -> bool:
    is_figure = isinstance(field.json_schema_extra, dict) and "unit" in field.json_schema_extra
    return is_figure or any(map(holds_figures, fields_below(field)))


def fields_below(field: FieldInfo) -> list[FieldInfo]:
    return [f for part in parts_in(field.annotation) if part is not Figure for f in part.model_fields.values()]


def test_every_figure_of_the_language_is_declared_by_what_reads_it() -> None:
    stated = {
        f"{section}.{name}" for section, field in Instance.model_fields.items() for part in parts_in(field.annotation)
        for name, below in part.model_fields.items() if holds_figures(below)
    }
    networks = [build_network(load(ROOT / name).instances()) for name in SMALL]
    declared = {r for n in networks for f in model.operation(n).families for r in f.reads or ()}
    assert declared | set(model.STRUCTURE_READS) == stated - ALWAYS_ANEW


@pytest.mark.parametrize("name", SMALL)
def test_investments_read_no_section_that_is_said_not_to_decide(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = build_network(load(ROOT / name).instances())
    read: set[str] = set()

    def noting(instance: Instance, field: str) -> Any:
        read.add(field)
        return object.__getattribute__(instance, field)

    with monkeypatch.context() as patch:
        patch.setattr(Instance, "__getattribute__", noting, raising=False)
        model.block(network, model.investments(network), None)
    assert "projects" in read
    assert read & NOT_DECIDING == set()


def test_a_new_section_decides_until_it_is_said_not_to() -> None:
    document = load(ROOT / "instances/quickstart.yaml")
    before = decided_by(build_network(document.instances()))
    deciding = set(Instance.model_fields) - NOT_DECIDING
    assert {"time", "projects", "facilities", "lanes", "controls", "futures", "shocks"} <= deciding
    assert decided_by(build_network(document.changed(["objective.sense = maximise"]).instances())) != before
    assert decided_by(build_network(document.changed(["demands.*.amount *= 2"]).instances())) == before


# --- reasons -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "expected"), [
    ("facilities.mine.capacity *= 1", Rebuild(Extent.NOTHING, Reason.SAME)),
    ("projects.*.public_money = 5", Rebuild(Extent.INVESTMENTS, Reason.FIGURES, ("projects.public_money",), 4)),
    ("processes.*.variable_cost *= 2", Rebuild(Extent.NUMBERS, Reason.FIGURES, ("processes.variable_cost",), 6)),
    ("facilities.mine.capacity *= 2", Rebuild(Extent.ROWS, Reason.FIGURES, ("facilities.capacity",), 1)),
    ("lanes.*.fixed_cost = 3", Rebuild(Extent.ALL, Reason.STRUCTURE, ("lanes.fixed_cost",))),
])  # fmt: skip
def test_a_rebuild_says_how_much_and_why(change: str, expected: Rebuild) -> None:
    assert Desk("instances/quickstart.yaml").rebuild(change) == expected


def test_the_first_program_is_built_whole() -> None:
    document = load(ROOT / "instances/quickstart.yaml")
    for compiled in (None, Compiled(), Compiled(snapshot=Snapshot())):
        assert _program(document, compiled).pieces.rebuild == Rebuild(Extent.ALL, Reason.FIRST)


CONCENTRATION = "requirements.conc={kind: concentration, commodities: [magnet], regions: [US], largest: 1, share: 0.9}"
QUOTA = ("controls.q={kind: quota, exporter: CN, commodities: [magnet], destinations: [US], amount: 100, start: 2026}",
         "futures.calm.controls=[q]")


@pytest.mark.parametrize(("stated", "change"), [
    ((CONCENTRATION,), "requirements.conc.largest=2"),
    ((), "suppliers.china.origin=NO"),
    ((), "limits.ore_cap.activities=mill/rec*"),
    ((), "requirements.china_share.exporter=NO"),
    (QUOTA, "controls.q.destinations=NO"),
])  # fmt: skip
def test_rows_that_read_more_than_figures_are_compiled_anew(stated: tuple[str, ...], change: str) -> None:
    document, compiled = load(ROOT / "tests" / "small.yaml", sets=stated), Compiled()
    before, changed = _program(document, compiled), document.changed([change])
    kept, anew = _program(changed, compiled), _program(changed, None)
    assert same(kept, anew)
    assert not same(kept, before)


@pytest.mark.parametrize("change", ["time.discount_rate = 0.2", "facilities.mine.retirement = true", "plan = adaptive"])
def test_what_differs_in_more_than_figures_takes_nothing_over(change: str) -> None:
    desk = Desk("instances/quickstart.yaml")
    assert not desk.differs(change)
    assert desk.taken == 0
    rebuild = desk.rebuild(change)
    assert rebuild == Rebuild(Extent.ALL, Reason.STRUCTURE, (change.split(maxsplit=1)[0].partition(".")[0],))
