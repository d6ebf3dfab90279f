"""Study files: what they may say, what is refused and where, and the runs they stand for."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from planner.common.errors import InputError
from planner.workflows.sweep.chains import chains_of, in_order, parents_of
from planner.workflows.sweep.reading import read_study
from planner.workflows.sweep.sampling import jobs_of
from tests.commands import planner
from tests.paths import QUICKSTART

HEAD = f"""study: trial
instance: {QUICKSTART.name}
vary:
  demand: {{path: demands.*.amount *=, range: [0.9, 1.2]}}
  rate: {{path: time.discount_rate, values: [0.03, 0.08]}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    shutil.copy(QUICKSTART, folder)
    return path


WRONG = {
    "a path that does not exist": (HEAD.replace("demands.*", "demand.*") + "design: one_way", 4, "unknown"),
    "an empty range": (HEAD.replace("[0.9, 1.2]", "[1.2, 1.2]") + "design: one_way", 4, "empty-range"),
    "a range upside down": (HEAD.replace("[0.9, 1.2]", "[1.2, 0.9]") + "design: one_way", 4, "empty-range"),
    "no values": (HEAD.replace("[0.03, 0.08]", "[]") + "design: one_way", 5, "values"),
    "a billion jobs": (HEAD + "design: {kind: monte_carlo, runs: 1000000000}", 6, "1,000,000,000 runs"),
    "a billion combinations": (HEAD + "design: {kind: grid, levels: 500000000}", 6, "1,000,000,000 runs"),
    "an unknown key": (HEAD + "design: one_way\nrelaxtion: true", 7, "did you mean relaxation"),
    "an unknown design": (HEAD + "design: latin", 6, "latin_hypercube"),
    "no design": (HEAD, 1, "needs design"),
    "no such instance": (HEAD.replace("quickstart.yaml", "slowstart.yaml") + "design: one_way", 2, "no instance"),
    "two kinds of factor": (HEAD.replace("values: [0.03, 0.08]", "values: [1], range: [0, 1]") + "design: grid", 5,
                            "one of range"),
    "no stated range": (HEAD.replace("range: [0.9, 1.2]", "range: stated") + "design: one_way", 4, "low and high"),
    "an unknown factor in a list": (HEAD + "design: {kind: list, runs: [{demant: 1}]}", 6, "demant"),
    "a text for a number in a list": (HEAD + "design: {kind: list, runs: [{demand: high}]}", 6, "a number is needed"),
    "samples that are no power of two": (HEAD + "design: {kind: sobol, samples: 100}", 6, "power of two"),
    "a correlation with nobody": (HEAD + "design: {kind: monte_carlo, runs: 9, correlation: {demand: {x: 1}}}", 6, "x"),
    "a list that is no mapping": ("- a\n- b", 1, "mapping"),
    "not YAML": (HEAD + "design: }", 6, "yaml-syntax"),
    "an infinite distribution": (
        HEAD.replace("range: [0.9, 1.2]", "distribution: {kind: uniform, low: 2, high: 1}") + "design: one_way", 4,
        "empty",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_studies_are_refused_with_their_line(name: str, tmp_path: Path) -> None:
    text, line, words = WRONG[name]
    path = written(tmp_path, text)
    with pytest.raises(InputError) as refused:
        jobs_of(read_study(path))
    assert f"{path}:{line}:" in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.yaml", "link.yaml", "a\\b.yaml"])
def test_a_study_reads_nothing_outside_its_directory(name: str, tmp_path: Path) -> None:
    """Messages tell what stands in a file: `root:x:0:0` is no business of who writes a study."""
    (tmp_path / "outside.yaml").write_text("secret: hidden\n")
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    path = written(folder, HEAD.replace(QUICKSTART.name, name) + "design: one_way")
    with pytest.raises(InputError) as refused:
        read_study(path)
    assert f"{path}:2:1 outside-directory" in str(refused.value)
    assert "root:x" not in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_another_instance_may_be_named_by_who_runs_a_study(tmp_path: Path) -> None:
    file = read_study(written(tmp_path, HEAD.replace(QUICKSTART.name, "none.yaml") + "design: one_way"), QUICKSTART)
    assert (file.instance, file.document.instance.name) == (QUICKSTART, "quickstart")


def test_pipes_and_devices_are_no_studies_or_instances(tmp_path: Path) -> None:
    """A pipe would be waited for without end, and /dev/zero never ends."""
    os.mkfifo(tmp_path / "pipe.yaml")
    study = written(tmp_path, HEAD.replace(QUICKSTART.name, "pipe.yaml") + "design: one_way")
    for path in (tmp_path / "pipe.yaml", Path("/dev/zero"), study):
        with pytest.raises(InputError, match="there is no"):
            read_study(path)


def test_the_command_refuses_and_writes_nothing(tmp_path: Path) -> None:
    text, _, _ = WRONG["a billion jobs"]
    written(tmp_path, text)
    result = planner("sweep", "study.yaml", cwd=tmp_path)
    assert result.returncode == 2
    assert "study.yaml:6:" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml", QUICKSTART.name}


def test_designs_make_the_runs_they_promise(tmp_path: Path) -> None:
    counts = {
        "one_way": 4, "{kind: grid, levels: 5}": 10, "{kind: latin_hypercube, runs: 16}": 16,
        "{kind: sobol, samples: 8}": 32, "{kind: morris, trajectories: 5}": 15, "{kind: monte_carlo, runs: 7}": 7,
        "{kind: list, runs: [{demand: 1.1}, {rate: 0.05, demand: 1}]}": 2,
    }
    for design, count in counts.items():
        jobs = jobs_of(read_study(written(tmp_path, f"{HEAD}design: {design}\nseeds: [0, 1]")))
        assert len(jobs) == 1 + 2 * count, design
        assert jobs[0].sets == ()
        for job in jobs[1:]:
            assert len(job.sets) == len(job.values)
            if "list" not in design:
                assert 0.9 <= float(job.values.get("demand", 1)) <= 1.2
                assert job.values.get("rate", 0.03) in (0.03, 0.08)


def test_linked_paths_move_together_and_stated_ranges_are_factors(tmp_path: Path) -> None:
    text = HEAD.replace("path: demands.*.amount *=", "path: [demands.*.amount *=, suppliers.*.steps.*.price *=]")
    text += "  given: {path: facilities.*.availability, range: stated}\ndesign: one_way"
    file = read_study(written(tmp_path, text))
    assert [f.name for f in file.factors] == ["demand", "rate", "given"]
    jobs = jobs_of(file)
    assert jobs[1].sets == ("demands.*.amount *= 0.9", "suppliers.*.steps.*.price *= 0.9")
    assert [job.values["given"] for job in jobs if "given" in job.values] == [0.75, 0.95]


def test_draws_follow_their_distribution_and_correlation(tmp_path: Path) -> None:
    text = HEAD.replace("range: [0.9, 1.2]", "distribution: {kind: normal, mean: 1, deviation: 0.1}")
    text = text.replace("values: [0.03, 0.08]", "distribution: {kind: triangular, low: 0.02, mode: 0.03, high: 0.1}")
    text += "design: {kind: monte_carlo, runs: 4000, correlation: {demand: {rate: -0.7}}}"
    jobs = jobs_of(read_study(written(tmp_path, text)))[1:]
    demand, rate = (np.array([float(job.values[name]) for job in jobs]) for name in ("demand", "rate"))
    assert demand.mean() == pytest.approx(1, abs=0.01)
    assert demand.std() == pytest.approx(0.1, rel=0.05)
    assert rate.mean() == pytest.approx(0.05, abs=0.002)
    assert stats.spearmanr(demand, rate).statistic == pytest.approx(-0.7, abs=0.03)


def test_chains_link_near_jobs_and_hold_all_of_them(tmp_path: Path) -> None:
    file = read_study(written(tmp_path, HEAD + "design: {kind: latin_hypercube, runs: 120}"))
    jobs, names = jobs_of(file), [f.name for f in file.factors]
    chains = chains_of(jobs, names, 16)
    parents = parents_of(jobs, names, chains)
    assert sorted(in_order(parents)) == [job.number for job in jobs]
    assert parents == parents_of(jobs, names, chains_of(jobs, names, 16))
    assert [len(chain) for chain in chains] == [16] * 7 + [8]
    assert all(parents[n] in {0, *chain} for chain in chains for n in chain)
    part = parents_of(jobs, names, chains[2:4])
    assert all(parents[n] == parent for n, parent in part.items())
    points = {job.number: np.array([job.point.get(n, 0.5) for n in names]) for job in jobs}
    ways = [math.dist(points[n], points[p]) for n, p in parents.items() if p is not None]
    in_a_row = [math.dist(points[n], points[n + 1]) for n in range(120)]
    assert np.mean(ways) < 0.3 * np.mean(in_a_row)
