"""Sources that must be named, and files that are too much or not there: nothing hangs, nothing escapes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import planner
from planner.common.errors import InputError, Place
from planner.language.old_words import OLD_EXAMPLE
from planner.reading.document import load
from planner.reading.settle import MOST_NODES
from tests.documents import SMALL, refused, replaced, write

# Sources.


def test_sourced_instances(tmp_path: Path) -> None:
    text = "sourced: true\n" + SMALL
    problems = refused(tmp_path, text)
    assert {problem.code for problem in problems} == {"unsourced"}
    messages = [problem.message for problem in problems]
    assert "demands.ev.amount needs source, date, confidence" in messages
    assert not any("facilities.works.capacity" in message and "0" in message for message in messages)
    stated = text.replace("    amount: 200", "    amount: {value: 200, source: survey, date: 2025, confidence: low}")
    assert not any("demands.ev.amount" in problem.message for problem in refused(tmp_path, stated))
    by_part = text.replace("    amount: 200", "    amount: 200\n    source: survey\n    date: 2025")
    assert "demands.ev.amount needs confidence" in [problem.message for problem in refused(tmp_path, by_part)]


def test_an_estimate_needs_its_reason_rather_than_a_source(tmp_path: Path) -> None:
    figure = "{value: 200, low: 100, high: 300, estimate: true, note: half of last year, confidence: low}"
    problems = refused(tmp_path, "sourced: true\n" + replaced("amount: 200", f"amount: {figure}"))
    assert not any("demands.ev.amount" in problem.message for problem in problems)


# Safety.


def test_alias_bomb(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    started = time.process_time()
    assert refused(tmp_path, "\n".join(lines))[0].code == "too-large"
    assert time.process_time() - started < 2


def test_bomb_by_common_fields(tmp_path: Path) -> None:
    note = "{" + ", ".join(f"k{n}: {{price: 1}}" for n in range(300)) + "}"
    rows = "\n".join(f"      - [r{n}]" for n in range(5000))
    text = f"regions:\n  table:\n    columns: [name]\n    common: {{title: {note}}}\n    rows:\n{rows}\n"
    assert refused(tmp_path, text)[0].code == "too-large"
    assert MOST_NODES == 1_000_000


def test_alias_of_itself(tmp_path: Path) -> None:
    assert refused(tmp_path, "a: &a [*a]")[0].code == "unknown-alias"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting(tmp_path: Path, opening: str) -> None:
    assert refused(tmp_path, opening * 100_000)[0].code == "too-deep"


def test_depth_by_aliases(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1]", *(f"a{n}: &a{n} [[*a{n - 1}]]" for n in range(1, 40))]
    assert refused(tmp_path, "\n".join(lines))[0].code == "too-deep"


def test_huge_file(tmp_path: Path) -> None:
    assert refused(tmp_path, "# " + "x" * 8 * 1024 * 1024)[0].code == "too-large"


def test_encoding(tmp_path: Path) -> None:
    path = tmp_path / "instance.yaml"
    path.write_bytes(b"name: a\ntitle: caf\xe9\n")
    with pytest.raises(InputError, match=r"instance.yaml:2:1 not-utf8"):
        load(path)
    path.write_bytes(SMALL.encode("utf-16"))
    with pytest.raises(InputError, match="not-utf8"):
        load(path)
    path.write_bytes(b"name: a\0b\n")
    with pytest.raises(InputError, match="yaml-syntax"):
        load(path)
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(path).instance.name == "small"


@pytest.mark.parametrize("word", ["extends", "include"])
@pytest.mark.parametrize(
    "target", ["../secret.yaml", "/etc/hostname", "link.yaml", "sub/../../secret.yaml", "dir/secret.yaml"]
)
def test_no_escape(tmp_path: Path, word: str, target: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    write(tmp_path, "name: secret", "secret.yaml")
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "dir").symlink_to(tmp_path)
    assert refused(inside, f"{word}: {target}")[0].code == "outside-directory"


def test_an_instance_may_be_a_link(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "link.yaml"
    link.symlink_to(path)
    assert load(link).instance.name == "small"


def test_a_shipped_instance_is_extended_from_any_folder(tmp_path: Path) -> None:
    path = write(tmp_path, "extends: example:rare-earths\nname: mine\nregions: {US: {title: Mine}}\n")
    document = load(path)
    assert (document.instance.name, document.instance.regions["US"].title) == ("mine", "Mine")
    assert {"instance.yaml", "example:rare-earths.yaml", "example:rare-earths/mines.yaml"} <= document.files.keys()
    for name in ("rare-earth", "../pyproject", "/etc/passwd", "rare-earths.yaml", "published/orlib/warehouses-16"):
        (problem,) = refused(tmp_path, f"extends: example:{name}\n")
        assert problem.code == "no-file"
        assert problem.place == Place(str(path), 1, 1)


def test_shipped_instances_have_names(tmp_path: Path) -> None:
    named = planner.examples()
    assert {"quickstart", "rare-earths", "published/farmer"} <= named.keys()
    for name in ("quickstart", "published/farmer"):
        assert load(f"example:{name}").sha256 == load(named[name]).sha256 == load({"extends": f"example:{name}"}).sha256
    with pytest.raises(InputError, match=r"no shipped instance quickstat - did you mean example:quickstart\?"):
        load("example:quickstat")
    old = load(write(tmp_path, "extends: planner:quickstart\n"))
    assert old.sha256 == load("example:quickstart").sha256
    assert [note.message for note in old.notes] == [OLD_EXAMPLE.said]


def test_a_new_instance_is_laid_over_a_shipped_one(tmp_path: Path) -> None:
    file = planner.new(tmp_path / "mine.yaml", "quickstart")
    assert planner.validate(file) == planner.validate("example:quickstart")
    with pytest.raises(InputError, match="no shipped instance quick"):
        planner.new(tmp_path / "other.yaml", "quick")
    with pytest.raises(InputError, match="the file exists"):
        planner.new(file, "quickstart")


def test_circles_of_files(tmp_path: Path) -> None:
    assert refused(tmp_path, "extends: instance.yaml")[0].code == "cycle"
    write(tmp_path, "include: instance.yaml", "b.yaml")
    assert refused(tmp_path, "include: b.yaml")[0].code == "cycle"
    write(tmp_path, "extends: instance.yaml", "b.yaml")
    assert refused(tmp_path, "extends: b.yaml")[0].code == "cycle"


def test_many_files(tmp_path: Path) -> None:
    for n in range(50):
        write(tmp_path, f"include: [f{n + 1}.yaml, f{n + 1}.yaml]", f"f{n}.yaml")
    started = time.process_time()
    assert refused(tmp_path, "include: f0.yaml")[0].code == "too-many-files"
    assert time.process_time() - started < 2


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path, "include: [nowhere.yaml]")[0].code == "no-file"
    with pytest.raises(InputError, match="no-file"):
        load(tmp_path / "nowhere.yaml")
    folder = tmp_path / "run"
    folder.mkdir()
    for hint in ("name a file in it", f"the instance of that run is {folder / 'instance.yaml'}"):
        with pytest.raises(InputError) as caught:
            load(folder)
        assert str(caught.value.problems[0]).endswith(f"no-file run is a folder, not a file - {hint}")
        write(folder, "")
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="no-file"):
        load(tmp_path / "pipe.yaml")


@pytest.mark.parametrize(
    "text", ["", "# nothing", "3", "- a", "~", "name", "include: 3", "extends: [a]", "name: !", "scenarios: 3"]
)
def test_what_is_no_instance(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text)
