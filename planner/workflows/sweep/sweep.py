"""A study from its file to its tables: sampled, solved, resumed, written."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from planner.common.errors import InputError, Place, Problem
from planner.formulation.contingencies import with_every_loss
from planner.formulation.network import build_network
from planner.results.atomic_files import OccupiedError, whole_folder
from planner.results.manifest import datapackage, versions
from planner.results.seal import seal
from planner.results.write import PACKAGE, plain_json, write_json, write_tables
from planner.tables.schemas import SCHEMAS
from planner.validation.validate import validate
from planner.workflows.sweep import tables as make
from planner.workflows.sweep.chains import chains_of, parents_of
from planner.workflows.sweep.engine import News, ShardWork, carry_out, chosen_again
from planner.workflows.sweep.ledger import ShardLedger, damaged, put_whole, read_records
from planner.workflows.sweep.reading import StudyFile, read_study
from planner.workflows.sweep.sampling import Job, jobs_of
from planner.workflows.sweep.sensitivity import sensitivities
from planner.workflows.sweep.worker import StudySetup, titles_of

SETUP = "study.json"  # What the folder belongs to.
GIVEN = {"question": "sweep"}


@dataclass(frozen=True)
class Sweep:
    """A study and how far it is: tables once all its runs are done, in all shards."""

    file: StudyFile
    jobs: tuple[Job, ...]
    records: Mapping[int, dict[str, Any]]
    solved: int  # Runs made now; the others were known.
    tables: Mapping[str, pd.DataFrame]
    folder: Path
    damaged: int = 0  # Lines of its ledgers that are not as they were written; their runs were made again.

    @property
    def wrong(self) -> list[dict[str, Any]]:
        """Runs whose check failed, or that come out otherwise from scratch."""
        return [record for record in self.records.values() if record["status"] == "wrong"]

    @property
    def rebuilt(self) -> list[tuple[str, str]]:
        """Of every run that was built: how much of its program was built anew, and why."""
        return [(r["rebuilt"][0], r["rebuilt"][1]) for r in self.records.values() if "rebuilt" in r]


def sweep(
    path: str | Path, out: str | Path | None = None, executor: str | None = "processes", workers: int | None = None,
    shard: str | None = None, force: bool = False, tell: Callable[[News], None] = lambda _: None,
    instance: str | Path | None = None,
) -> Sweep:
    """Carry out a study, or what is left of it, and write its tables when all is done.

    `shard` i/n does the i-th of n parts of the jobs; `instance` stands in for the one that the study names.
    InputError for a wrong study or instance: nothing is run then.
    """
    file = read_study(path, instance)
    jobs = jobs_of(file)
    validate(file.document)
    with_every_loss(file.document.instances())  # Jobs have all losses in them: refused here where they are too many.
    chains, name = _shard(jobs, file, shard)
    digest = study_digest(file)
    folder = Path(out) if out is not None else default_folder(file, digest)
    _claim(folder, file, digest)
    setup = StudySetup(
        str(file.instance.resolve()), file.study.scenario, tuple(file.study.sets),
        file.study.options.model_dump(), file.study.relaxation,
    )
    with ShardLedger(folder, name) as ledger:
        known = ledger.records() if not force else {}
        parents = parents_of(jobs, [f.name for f in file.factors], chains)
        before = _usable({n: known[jobs[n].key] for n in parents if jobs[n].key in known}, parents,
                         lambda n: ledger.start(jobs[n].key) is not None)  # fmt: skip
        again = chosen_again(jobs, file.study.checked, file.study.seed)
        work = ShardWork({n: jobs[n] for n in parents}, parents, again, dict(before))
        carry_out(work, setup, ledger, executor, workers, tell)
    shutil.rmtree(ledger.starts)
    records = _all_records(folder, jobs)
    tables = tables_of(file, jobs, records) if len(records) == len(jobs) else {}
    if tables:
        _write(folder / "tables", file, digest, tables)
    return Sweep(file, tuple(jobs), records, len(work.records) - len(before), tables, folder,
                 sum(map(damaged, folder.glob("runs*.jsonl"))))  # fmt: skip


def study_digest(file: StudyFile) -> str:
    """Digest of all that determines the runs of a study."""
    content = [file.document.sha256, file.study.model_dump(mode="json", exclude={"title"}), versions()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def default_folder(file: StudyFile, digest: str) -> Path:
    """results/<study>/<first eight of its hash> under the working directory."""
    name = re.sub(r"[^\w.-]", "-", file.study.study).strip(".-") or "study"
    return Path("results") / name / digest[:8]


def tables_of(
    file: StudyFile, jobs: list[Job], records: Mapping[int, dict[str, Any]]
) -> dict[str, pd.DataFrame]:
    """All tables of a study whose runs are done."""
    figures = make.figures(jobs, records)
    titles = titles_of(build_network(file.document.instances()))
    projects = make.projects(jobs, records, titles)
    return {
        "runs": make.runs(jobs, records), "inputs": make.inputs(jobs), "figures": figures, "projects": projects,
        "sensitivity": sensitivities(file.study, file.factors, jobs, figures),
        "no_regret": make.no_regret(projects, jobs, file.factors, titles),
    }


def _shard(jobs: list[Job], file: StudyFile, shard: str | None) -> tuple[list[list[int]], str]:
    """The chains of a shard, and how its files are called; each shard also solves the root."""
    chains = chains_of(jobs, [f.name for f in file.factors], file.study.chain)
    if shard is None:
        return chains, ""
    found = re.fullmatch(r"(\d+)/(\d+)", shard)
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        message = f"{shard} is no part: i/n with i from 1 to n"
        raise InputError([Problem("bad-option", message, Place("--shard", 0, 0))])
    if count > len(chains):
        message = f"{count} parts are too many: the study has {len(chains)} chains of runs, which stay together"
        hint = f"set chain, now {file.study.chain}, in {file.path.name}"
        raise InputError([Problem("bad-option", message, Place("--shard", 0, 0), hint)])
    first, last = (len(chains) * (number - 1) // count, len(chains) * number // count)
    return chains[first:last], f".{number}-of-{count}"


def _usable(
    records: Mapping[int, dict[str, Any]], parents: Mapping[int, int | None], has_start: Callable[[int], bool]
) -> dict[int, dict[str, Any]]:
    """The records that need not be made again: all, but for those from which a job to do would have to start.

    Where a run ended is forgotten once its neighbours are done; a neighbour whose record was damaged needs it again,
    for from elsewhere it may find another plan.
    """
    kept = dict(records)
    for number in parents:
        below = number
        while below not in kept and (above := parents[below]) is not None:
            if above in kept and records[above].get("startable") and not has_start(above):
                del kept[above]
            below = above
            if above in kept and records[above].get("startable"):
                break
    return kept


def _claim(folder: Path, file: StudyFile, digest: str) -> None:
    """Take the folder for this study; what another study or anything else left there is not touched."""
    mark = folder / SETUP
    if folder.exists() and any(folder.iterdir()):
        try:
            stated = json.loads(mark.read_text("utf-8"))
            owner = stated["study_sha256"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            stated, owner = {}, None
        if owner != digest:
            raise OccupiedError(f"{folder} {_apart(stated, file)}: choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    content = {"study": file.study.model_dump(mode="json"), "study_sha256": digest, "versions": versions()}
    put_whole(mark, (plain_json(content) + "\n").encode())


def _apart(stated: Mapping[str, Any], file: StudyFile) -> str:
    """Why what a folder holds does not go on with a study."""
    if stated.get("study") != file.study.model_dump(mode="json"):
        return "exists and is not of this study as it stands"
    before, now = stated.get("versions"), versions()
    known = before if isinstance(before, dict) else {}
    changed = [f"{name} {known[name]} then, {now.get(name)} now" for name in known if known[name] != now.get(name)]
    return f"is of this study with {'; '.join(changed or ['an instance that has changed since'])}"


def _all_records(folder: Path, jobs: list[Job]) -> dict[int, dict[str, Any]]:
    """The records of all shards; of a run that was made again the last counts."""
    known: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("runs*.jsonl")):
        for key, record in read_records(path):
            known[key] = record
    return {job.number: known[job.key] for job in jobs if job.key in known}


def _write(target: Path, file: StudyFile, digest: str, tables: Mapping[str, pd.DataFrame]) -> None:
    with whole_folder(target.resolve(), GIVEN) as fresh:
        write_tables(tables, fresh, SCHEMAS["sweep"])
        title = file.study.title or file.study.study
        write_json(datapackage(file.study.study, title, tables, SCHEMAS["sweep"]), fresh / PACKAGE)
        facts = {"run_sha256": digest, "given": GIVEN, "instance": file.document.instance.name, "versions": versions()}
        seal(fresh, facts | {"study": file.study.model_dump(mode="json")})
