"""The kinds of rounds: what is damaged, which commands are run on it, how it is examined."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.fuzz.corpus import drawn, trees
from tests.fuzz.judge import flaws_of_folder, flaws_of_instance, flaws_of_study
from tests.fuzz.mutate import NUMBERS, TEXTS, damage, is_lost, spots
from tests.fuzz.spoil import spoil, spoilt
from tests.fuzz.worker import Examine

EXACT = "--gap 1e-7 --time-limit 2 --threads 1"
QUICK = "--gap 0.01 --time-limit 2 --threads 1"
FORMATS = ("xlsx", "iamc", "parquet", "mps", "lp", "graphml", "datapackage")
STARTER, QUICKSTART, SMALL = range(3)  # In the corpus.
Command = tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """Files are in the folder; the commands to run, what was done to the files, and how to examine the rest."""

    commands: list[Command]
    said: list[str]
    examine: Examine = field(default=lambda _folder, _results: [])


@dataclass(frozen=True)
class Source:
    """What a round is made of: chance for the whole and for each of its damages; folders prepared before."""

    chance: random.Random
    damages: list[random.Random]
    prepared: Path


def command(line: str, **words: str) -> Command:
    """The words of a command; `{name}` in one stands for what is given."""
    return tuple(word.format(**words) for word in line.split())


def written(tree: Any, chance: random.Random) -> bytes:
    """A tree as YAML in one of its styles, or as JSON."""
    if chance.random() < 0.1:
        return json.dumps(tree, default=str).encode("utf-8", "surrogatepass")
    flow, unicode = chance.choice([True, False, None]), chance.random() < 0.5
    text = yaml.dump(tree, sort_keys=False, allow_unicode=unicode, default_flow_style=flow)
    return str(text).encode("utf-8", "surrogatepass")


def sound(number: int) -> bytes:
    """An instance of the corpus as it is."""
    return str(yaml.safe_dump(trees()[number], sort_keys=False)).encode()


JOURNEY = (
    "show case.yaml", "show case.yaml --resolved", "show case.yaml --nodes", "show case.yaml --controls", "report run",
    "compare run run", f"solve case.yaml --out run {EXACT}", f"solve case.yaml --json --quiet --out run-j {QUICK}",
    f"evaluate run --out run-e {QUICK}", f"explain case.yaml {QUICK}", f"explain case.yaml --bounds {QUICK}",
    "export run --format {format}", f"solve run/instance.yaml --out run2 {EXACT}",
    f"solve case.yaml --out run-b --method benders {QUICK}",
)  # fmt: skip


def instance(folder: Path, source: Source) -> Round:
    """An instance with damaged values, names, sections; a newcomer's commands, the costly ones now and then."""
    chance = source.chance
    tree = drawn(chance)
    said = [damage(tree, one) for one in source.damages]
    (folder / "case.yaml").write_bytes(written(tree, chance))
    lines = ["validate case.yaml", f"solve case.yaml --out run {EXACT}", *chance.sample(JOURNEY, 3)]
    commands = [command(line, format=chance.choice(FORMATS)) for line in lines]
    return Round(commands, said, partial(flaws_of_instance, is_lost(tree)))


def text(folder: Path, source: Source) -> Round:
    """The text of an instance with damaged characters and lines."""
    content, said = written(drawn(source.chance), source.chance), []
    for chance in source.damages:
        content, what = spoilt(content, chance)
        said.append(what)
    (folder / "case.yaml").write_bytes(content)
    lines = ("validate case.yaml", "show case.yaml", f"solve case.yaml --out run {QUICK}")
    return Round([command(line) for line in lines], said)


def sets(folder: Path, source: Source) -> Round:
    """Changes on the command line."""
    tree = drawn(source.chance)
    (folder / "case.yaml").write_bytes(str(yaml.safe_dump(tree, sort_keys=False)).encode())
    given = [_set(tree, chance) for chance in source.damages]
    words = tuple(f"--set={text}" for text in given)  # So that a path may begin with a dash.
    more = source.chance.choice(["show case.yaml --resolved", f"explain case.yaml {QUICK}", "show case.yaml"])
    lines = ("validate case.yaml", f"solve case.yaml --out run {EXACT}", more)
    commands: list[Command] = [(*command(line), *words) for line in lines]
    why = ("show", "case.yaml", "--why", _path(tree, source.chance))
    lost = any(text.rpartition("=")[2].strip() in (".nan", ".inf", "-.inf") for text in given)
    return Round([*commands, why], given, partial(flaws_of_instance, lost))


STEPS = ("*", "**", "?*", "nothing", "", "-1", "99", "a.*", "value", "low")
VALUES = (".nan", ".inf", "-.inf", "1e999", "{2026: 5}", "[1, 2]", "{value: 1}", "*a", "&a 1", "{", "null", "true")


def _path(tree: Any, chance: random.Random) -> str:
    """A path of an instance, now and then with patterns or a slip."""
    words = [str(word) for word in chance.choice(list(spots(tree))).path]
    if chance.random() < 0.3:
        words[chance.randrange(len(words))] = chance.choice(STEPS)
    return ".".join(words)


def _set(tree: Any, chance: random.Random) -> str:
    """An expression for --set."""
    sign = chance.choice(["=", "=", "*=", "+=", " = ", "==", "-=", "*", ""])
    plain = chance.choice(["0.5", "2", "1.1", "0"])
    value = chance.choice([str(chance.choice(NUMBERS))[:30], plain, plain, chance.choice(VALUES), chance.choice(TEXTS)])
    expression = f"{_path(tree, chance)}{sign}{value[:200]}"
    return expression.replace("\x00", "").encode("utf-8", "replace").decode()


STUDY: dict[str, Any] = {
    "study": "fuzzed",
    "instance": "case.yaml",
    "vary": {
        "demand": {"path": "demands.*.amount *=", "range": [0.9, 1.2]},
        "rate": {"path": "time.discount_rate", "values": [0.0, 0.08]},
    },
    "design": {"kind": "grid", "levels": 2},
}
DESIGNS: tuple[dict[str, Any], ...] = (
    {"kind": "one_way"}, {"kind": "grid", "levels": 2}, {"kind": "latin_hypercube", "runs": 3},
    {"kind": "sobol", "runs": 2}, {"kind": "morris", "trajectories": 2}, {"kind": "list", "runs": [{"demand": 1.0}]},
)  # fmt: skip
SPREADS: tuple[dict[str, Any], ...] = (
    {"kind": "uniform", "low": 0.5, "high": 1.5}, {"kind": "normal", "mean": 1, "deviation": 0.1},
    {"kind": "triangular", "low": 0.5, "mode": 1, "high": 2}, {"kind": "lognormal", "median": 1, "deviation": 0.2},
    {"kind": "normal", "mean": 1, "deviation": 1e9}, {"kind": "lognormal", "median": 1, "deviation": 500},
)  # fmt: skip
SWEEP = "sweep study.yaml --out study --executor inline"


def study(folder: Path, source: Source) -> Round:
    """A study of a small instance, damaged."""
    chance, tree = source.chance, copy.deepcopy(STUDY)
    (folder / "case.yaml").write_bytes(sound(STARTER))
    tree["design"] = copy.deepcopy(chance.choice(DESIGNS))
    if chance.random() < 0.5:
        tree["vary"]["demand"] = {"path": "demands.*.amount *=", "distribution": dict(chance.choice(SPREADS))}
    if chance.random() < 0.3:
        tree["relaxation"] = chance.choice([True, False])
    said = [damage(tree, one) for one in source.damages[:2]]
    (folder / "study.yaml").write_bytes(written(tree, chance))
    commands = [command(line) for line in (f"{SWEEP} --dry-run", SWEEP, SWEEP, "report study")]
    return Round(commands, said, partial(flaws_of_study, is_lost(tree)))


def futures(folder: Path, source: Source) -> Round:
    """A file of futures for a plan, damaged; and random futures from a damaged statement of what to draw."""
    chance, content = source.chance, copy.deepcopy(trees()[QUICKSTART])
    shutil.copytree(source.prepared / "quickstart", folder / "run")
    tree = {key: content[key] for key in ("futures", "shocks", "controls", "sources") if key in content}
    said = [damage(tree, one) for one in source.damages]
    (folder / "futures.yaml").write_bytes(written(tree, chance))
    content = copy.deepcopy(trees()[QUICKSTART])
    content["sampling"] = {"controls": ["*"], "onset": [2026, 2029], "duration": [1, 3]}
    said.append(damage(content["sampling"], source.damages[0]))
    (folder / "case.yaml").write_bytes(written(content, chance))
    lines = (
        f"evaluate run --on futures.yaml --out run-e {QUICK}", "futures case.yaml --count 3 --seed 1 --out drawn.yaml",
        f"evaluate run --on drawn.yaml --out run-d {QUICK}",
    )  # fmt: skip
    return Round([command(line) for line in lines], said)


OF_FOLDERS = (
    "report run", "compare run sound", "compare sound run", "export run --format {format}", "report sound run",
    f"evaluate run --out run-e {QUICK}", f"explain run {QUICK}",
)  # fmt: skip


def run_folder(folder: Path, source: Source) -> Round:
    """A run folder with damaged files."""
    chance = source.chance
    name, said = chance.choice(["quickstart", "starter", "small"]), []
    for copied in ("run", "sound"):
        shutil.copytree(source.prepared / name, folder / copied)
    for one in source.damages[:2]:
        file = one.choice(sorted((folder / "run").iterdir()))
        said.append(f"{file.name}: {spoil(file, one)}")
    changed = [file.name for file in sorted((folder / "sound").iterdir()) if _differs(folder / "run" / file.name, file)]
    commands = [command(line, format=chance.choice(FORMATS)) for line in chance.sample(OF_FOLDERS, 3)]
    return Round(commands, said, partial(flaws_of_folder, changed))


def _differs(one: Path, other: Path) -> bool:
    if not one.is_file():
        return True
    if one.name == "manifest.json":  # It names its own digest, which is of what it says, not of its lines.
        try:
            return bool(json.loads(one.read_bytes()) != json.loads(other.read_bytes()))
        except ValueError:
            return True
    return one.read_bytes() != other.read_bytes()


def ledger(folder: Path, source: Source) -> Round:
    """The folder of a sweep with damaged files, continued and reported."""
    shutil.copytree(source.prepared / "study", folder / "study")
    said = []
    for name in ("case.yaml", "study.yaml"):
        shutil.copy(source.prepared / name, folder)
    for one in source.damages[:2]:
        file = one.choice(sorted(p for p in (folder / "study").rglob("*") if p.is_file()))
        said.append(f"{file.relative_to(folder)}: {spoil(file, one)}")
    return Round([command(line) for line in ("report study", SWEEP, "report study")], said)


PLACES = (
    "out", "run", ".", "..", "case.yaml", "case.yaml/x", "/nowhere/x", "", "a\nb", "\u202e", "x" * 300, "run/plan.csv",
    "case.xlsx", "a.html", "a.lp",
)  # fmt: skip
OPTIONS = (
    "solve case.yaml --gap {value}", "solve case.yaml --time-limit {value}", "solve case.yaml --threads {value}",
    "solve case.yaml --seed {value}", "solve case.yaml --out {where}", "solve {where}", "report {where}",
    "compare {where} run", "export run --format xlsx --out {where}", "export run --format {value}", "evaluate {where}",
    f"frontier case.yaml --requirement cars-served --points {{value}} {QUICK}", "explain run --project {where}",
    f"frontier case.yaml --requirement {{where}} {QUICK}", f"value case.yaml --delays {{value}} {QUICK}",
    f"alternatives case.yaml --within {{value}} --count 2 --least {{value}} {QUICK}", "report run --out {where}",
    "futures case.yaml --count 2 --seed {value}", "compare run run --out {where}", "compare run run --html {where}",
    "sweep {where} --executor inline", "solve case.yaml --executor {value}", "solve case.yaml --write-model {where}",
    "show case.yaml --why {where}", "new {where}", "solve case.yaml --scenario {where}",
    "compare case.yaml@{where} run", "evaluate run --instance {where}", "evaluate run --on {where}",
)  # fmt: skip


def options(folder: Path, source: Source) -> Round:
    """Options out of range, in the wrong place, of the wrong kind."""
    chance = source.chance
    shutil.copytree(source.prepared / "starter", folder / "run")
    (folder / "case.yaml").write_bytes(sound(STARTER))
    commands = []
    for line in chance.sample(OPTIONS, 4):
        value = str(chance.choice([*NUMBERS, "x", "", "--", "nan"]))[:40]
        commands.append(command(line, value=value, where=chance.choice(PLACES)))
    return Round(commands, [" ".join(each) for each in commands])


KINDS: dict[str, Callable[[Path, Source], Round]] = {
    "instance": instance, "text": text, "set": sets, "study": study, "futures": futures, "folder": run_folder,
    "ledger": ledger, "options": options,
}  # fmt: skip
WEIGHTS = {"instance": 10, "text": 2, "set": 3, "study": 2, "futures": 2, "folder": 3, "ledger": 1, "options": 1}


def preparation(folder: Path) -> list[Command]:
    """Files and commands that make the folders which rounds damage: `quickstart`, `starter`, `small`, `study`."""
    names = {"starter": STARTER, "quickstart": QUICKSTART, "small": SMALL}
    for name, number in names.items():
        (folder / f"{name}.yaml").write_bytes(sound(number))
    (folder / "case.yaml").write_bytes(sound(STARTER))
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
    return [command(f"solve {name}.yaml --out {name} {QUICK}") for name in names] + [command(SWEEP)]
