"""The manual: what its pages tell a reader to do works and shows what they say, and the site they become is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import planner as package
from planner.language.instance import Instance
from planner.language.json_schema import json_schema
from planner.manual.markdown import file_of, rendered
from planner.manual.pages import pages
from planner.results.atomic_files import OccupiedError
from tests import play
from tests.browser import browser
from tests.commands import PATIENCE
from tests.style import PAGES as FOLDER

PLAYED = [page.path for page in pages() if any(b.kind in ("sh", "python") for b in play.blocks(page.text))]
STORIES = [page for page in pages() if page.part in ("Tutorials", "How to")]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package.manual_site(tmp_path_factory.mktemp("site") / "manual").parent


@pytest.mark.parametrize("path", PLAYED)
def test_a_page_does_what_it_says(path: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", play.__file__, str(FOLDER / path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * PATIENCE)
    assert done.returncode == 0, done.stderr


def test_the_player_finds_what_is_wrong(tmp_path: Path) -> None:
    right = "```sh\necho 'one  two'\n```\n```output\none two\n```\n```sh 3\nexit 3\n```\n"
    right += "```python\nprint(1 + 1)\n```\n```output\n2\n```\n"
    page = tmp_path / "page.md"
    for text, code in ((right, 0), (right.replace("one two\n", "one three\n"), 1), (right.replace("\n2\n", "\n3\n"), 1),
                       (right.replace("exit 3", "exit 2"), 1)):  # fmt: skip
        page.write_text(text)
        assert play.main(page, tmp_path) == code
    page.write_text("```yaml case.yaml\nname: case\n```\n")
    with pytest.raises(Exception, match="needs commodities"):
        play.main(page, tmp_path)


@pytest.mark.parametrize("path", [page.path for page in pages()])
def test_pieces_of_yaml_are_of_the_language(path: str) -> None:
    for block in play.blocks((FOLDER / path).read_text("utf-8")):
        content: Any = yaml.safe_load(block.text) if block.kind == "yaml" else {}
        if set(content) <= {*Instance.model_fields, "extends", "include", "scenarios"}:
            assert VALIDATOR.is_valid(json.loads(json.dumps(content))), block.text


@pytest.mark.parametrize("page", STORIES, ids=[page.path for page in STORIES])
def test_numbers_in_a_story_stand_in_its_blocks(page: Any) -> None:
    """A number that prose quotes must be one that a block has, which is played."""
    shown = "".join(block.text + block.more for block in play.blocks(page.text)).replace(",", "")
    prose = re.sub("`[^`]*`", "", play.FENCE.sub("", page.text)).replace(",", "")
    quoted = set(re.findall(r"(?<![\w.-])\d[\d.]*\d(?![\w-])", prose))
    assert {number for number in quoted if number not in shown} == set()


def test_every_page_is_listed_once_and_begins_with_its_title() -> None:
    listed = [page.path for page in pages()]
    assert sorted(listed) == sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md"))
    assert all(page.text.startswith("# ") for page in pages())


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    texts = {file.name: file.read_text("utf-8") for file in site.glob("*.html")}
    assert set(texts) == {file_of(page.path) for page in pages()}
    anchors = {name: set(re.findall(r'id="([^"]+)"', text)) for name, text in texts.items()}
    for name, text in texts.items():
        assert "<script" not in text
        for link in re.findall(r'href="([^"]+)"', text):
            if not link.startswith("https://"):
                target, _, anchor = link.partition("#")
                assert not anchor or anchor in anchors[target or name], f"{name}: {link}"
                assert target in ("", *texts), f"{name}: {link}"


def test_the_site_is_read_on_a_phone_without_scrolling_aside(site: Path) -> None:
    with browser() as driver:
        for width in (390, 1400):
            driver.set_window_size(width, 900)
            for page in pages():
                driver.get((site / file_of(page.path)).as_uri())
                assert driver.get_log("browser") == []
                script = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
                wide, room = driver.execute_script(script)
                assert wide <= room, (page.path, width)


def test_the_site_takes_the_place_of_a_manual_alone(site: Path, tmp_path: Path) -> None:
    assert package.manual_site(site).is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(OccupiedError):
        package.manual_site(tmp_path / "mine")
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_raw_html_is_text_and_formulas_are_drawn() -> None:
    made = rendered("# A <b>b</b>\n\n<script>alert(1)</script>\n\n`$x_n$`\n\n[a](javascript:alert(1))").html
    assert "<script" not in made
    assert "&lt;script" in made
    assert "<math" in made
    assert 'href="javascript' not in made
