"""Play a page of the manual: do in a folder what it tells the reader to do, and compare what it shows.

    python play.py PAGE.md FOLDER

Blocks are played in order. `sh` runs in bash; a number after it is the exit code it must end with. `python` runs in one
namespace. `yaml NAME` or `csv NAME` is a file of the reader; YAML with a `name` or `extends` must be a valid instance.
`output` is
what the block before it prints, in which `...` stands for anything and spaces do not count. It needs the standard
library and the installed package alone, so that it can also be played where nothing but a wheel is installed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

FENCE = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, what follows it, its text, and its line in the page."""

    kind: str
    more: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(found[1], found[2] or "", found[3], page[: found.start()].count("\n") + 1)
            for found in FENCE.finditer(page)]  # fmt: skip


class Player:
    """Plays blocks in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {}
        self.printed = ""

    def play(self, block: Block) -> str:
        """What is wrong with a block; empty when nothing is."""
        acts = {"sh": self._shell, "python": self._python, "output": self._output, "yaml": self._file,
                "csv": self._file}  # fmt: skip
        return acts[block.kind](block) if block.kind in acts else ""

    def _shell(self, block: Block) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text], cwd=self.folder, capture_output=True, text=True,
            check=False, env=os.environ | {"PATH": path, "COLUMNS": "110"}, timeout=600,
        )
        self.printed = done.stdout
        wrong = f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return wrong if done.returncode != int(block.more or 0) else ""

    def _python(self, block: Block) -> str:
        told = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(told):
            exec(compile(block.text, f"line {block.line}", "exec"), self.names)
        self.printed = told.getvalue()
        return ""

    def _output(self, block: Block) -> str:
        pieces = (re.escape(" ".join(piece.split())) for piece in block.text.split("..."))
        is_shown = re.search(".*?".join(pieces), " ".join(self.printed.split()))
        return "" if is_shown else f"printed was\n{self.printed}"

    def _file(self, block: Block) -> str:
        if not block.more:
            return ""
        file = self.folder / block.more
        file.write_text(block.text, encoding="utf-8")
        if block.kind == "yaml" and re.search(r"^(name|extends):", block.text, re.MULTILINE):
            import planner

            planner.validate(planner.load(file))
        return ""


def main(page: Path, folder: Path) -> int:
    player = Player(folder)
    for block in blocks(page.read_text("utf-8")):
        wrong = player.play(block)
        if wrong:
            print(f"{page}:{block.line}: {block.kind} {block.more}\n{block.text}{wrong}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute(), Path(sys.argv[2])))
