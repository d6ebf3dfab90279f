"""What is installed is complete: every package and file, from a checkout, a source distribution or a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import planner
from planner.common.errors import extra_hint
from planner.language.old_words import GONE, OLD_EXAMPLE, OLD_WORDS
from tests.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "planner", "instances")
STRAY = shutil.ignore_patterns("__pycache__")
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"


def test_every_package_is_named() -> None:
    found = {".".join(file.parent.relative_to(ROOT).parts) for file in ROOT.glob("planner/**/__init__.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found | {"planner.instances"}


def test_every_dependency_has_bounds() -> None:
    """Below the next version that may change what is used; exact versions are in constraints.txt alone."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    stated = [*project["dependencies"], *(line for lines in extras for line in lines)]
    stated = [line for line in stated if not line.startswith(project["name"])]
    assert [line for line in stated if not ("<" in line and ">=" in line)] == []
    exact = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split())
    for line in stated:
        asked = Requirement(line)
        if asked.name.lower() in exact:  # Benchmarks have no exact version.
            assert asked.specifier.contains(exact[asked.name.lower()]), line


def test_nobody_is_told_to_install_what_is_somebody_elses() -> None:
    """On the package index `planner` is another project, and ours is not there: what is told is `extra_hint`'s."""
    files = [*ROOT.glob("*.md"), *ROOT.glob(".github/*"), *ROOT.glob("planner/**/*.*"), *ROOT.glob("instances/**/*.*")]
    texts = {file: file.read_text("utf-8") for file in files if file.is_file() and file.suffix != ".pyc"}
    foreign = re.compile(r"pip install (-\w+ )*['\"]?(rare-earth-)?planner")
    assert [file for file, text in texts.items() if foreign.search(text)] == []
    told = {extra for text in texts.values() for extra in re.findall(r"pip install -c \S+ -e '\.\[([\w,-]+)\]'", text)}
    known = {*PROJECT["project"]["optional-dependencies"]}
    assert {"excel", "mpi-sppy", "sweep", "test"} <= told
    assert {name for extras in told for name in extras.split(",")} <= known
    assert all(f"pip install -c constraints.txt -e '.[{extra}]'" in extra_hint(extra) for extra in told)


def test_versions_are_stated_alike() -> None:
    """What is cited, told as news and used before a commit is what is installed and tested."""
    cited = yaml.safe_load((ROOT / ".github" / "CITATION.cff").read_text("utf-8"))
    assert cited["version"] == planner.__version__
    news = (ROOT / ".github" / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{planner.__version__}] - {cited['date-released']}" in news
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    exact = (ROOT / "constraints.txt").read_text("utf-8").split()
    for hook in hooks:
        tool = "ruff" if "ruff" in hook["repo"] else "codespell"
        assert f"{tool}=={hook['rev'].removeprefix('v')}" in exact, tool


def test_old_words_are_told_alike() -> None:
    """This version reads them, the next one does not: in the code, the changelog, the language and the glossary."""
    assert planner.__version__.startswith("0.2.")
    assert GONE == "0.3"
    reference = ROOT / "planner" / "manual" / "pages" / "reference"
    news = (ROOT / ".github" / "CHANGELOG.md").read_text("utf-8").partition("## [0.2.0]")[2].partition("\n## [")[0]
    language, glossary = ((reference / name).read_text("utf-8") for name in ("language.md", "glossary.md"))
    for text in (news, language):
        assert f"Version {GONE} will refuse them." in text
        assert all(word.old in text and word.new in text for word in (*OLD_WORDS, OLD_EXAMPLE))
    assert "Version 0.2 still reads" in language
    assert "Version 0.2 still reads its old word" in glossary


def ran(*words: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run([sys.executable, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})  # fmt: skip
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what distributions are made of, so that nothing is built within the checkout."""
    place = tmp_path_factory.mktemp("build") / "sources"
    place.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=STRAY)
        else:
            shutil.copy(source, place / name)
    return place


@pytest.fixture(scope="module")
def wheel(sources: Path) -> Path:
    ran("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", sources.parent, sources,
        cwd=sources.parent)  # fmt: skip
    return next(sources.parent.glob("*.whl"))


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.long
def test_the_wheel_holds_every_file(sources: Path, wheel: Path) -> None:
    held = {name: content for name, content in contents(wheel).items() if ".dist-info/" not in name}
    expected = {file.relative_to(sources).as_posix(): file.read_bytes() for file in sources.glob("planner/**/*.*")}
    expected |= {f"planner/{file.relative_to(sources).as_posix()}": file.read_bytes()
                 for file in sources.glob("instances/**/*.*")}  # fmt: skip
    assert held == expected
    assert wheel.name == f"rare_earth_planner-{planner.__version__}-py3-none-any.whl"


@pytest.mark.long
def test_the_source_distribution_builds_the_same_wheel(sources: Path, wheel: Path, tmp_path: Path) -> None:
    name = ran("-c", BUILD, "build_sdist", tmp_path, cwd=sources).splitlines()[-1]
    with tarfile.open(tmp_path / name) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / name.removesuffix(".tar.gz")
    again = ran("-c", BUILD, "build_wheel", tmp_path, cwd=unpacked).splitlines()[-1]
    assert contents(tmp_path / again) == contents(wheel)


@pytest.mark.long
def test_a_newcomers_way_with_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """In an empty folder; what it needs is that of the tests, the planner itself comes from the wheel."""
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    ran("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site, wheel, cwd=work)

    def command(*words: str) -> str:
        return ran("-m", "planner", *words, cwd=work, PYTHONPATH=str(site))

    where = "import planner; print(planner.__file__, planner.examples()['quickstart'])"
    told = ran("-c", where, cwd=work, PYTHONPATH=str(site)).split()
    assert all(Path(path).is_relative_to(site) for path in told), told
    assert command("--version").strip() == f"planner {planner.__version__}"
    command("new", "my-case.yaml")
    command("solve", "my-case.yaml", "--out", "run", "--quiet")
    command("report", "run", "--quiet")
    assert "Copyright" in (work / "run" / "report.html").read_text("utf-8")
    command("reference", "--out", "reference.html")
    command("new", "--from", "quickstart", "over.yaml")
    (work / "over.yaml").write_text("extends: example:quickstart\ntime: {discount_rate: 0.05}\n")
    command("solve", "over.yaml", "--out", "over", "--quiet")
    command("solve", "example:quickstart", "--out", "example", "--quiet")
    command("validate", "example:rare-earths")
