"""Damage to bytes and to files, whatever they mean."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.mutate import damage

STRANGE = (
    b"\x00", b"\xff", b"\t", b"\xef\xbb\xbf", b"\r", b"&a *a", b"*a", b"<<: *a", b"!!python/object:os.system x",
    b"'", b"[", b"{", b"- ", b": ", b"#", b"%YAML 9.9", b"---\n", b"...", b"!!binary x", b"!!set {a}", b"? a", b"|",
    b"1e999", b"[" * 2000, b"9" * 5000, b"0x1F", b"0o17", b"1:30", b"2026-01-01", b".nan", b"\xe2\x80\xae", b"=", b"!",
    b"@", b";", b",",
)  # fmt: skip
Change = Callable[[bytes, random.Random], bytes]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _at(content, chance)]


def _put_in(content: bytes, chance: random.Random) -> bytes:
    at = _at(content, chance)
    return content[:at] + chance.choice(STRANGE) + content[at:]


def _other_byte(content: bytes, chance: random.Random) -> bytes:
    at = _at(content, chance)
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _other_digit(content: bytes, chance: random.Random) -> bytes:
    digits = [at for at, byte in enumerate(content) if chr(byte).isdigit()]
    if not digits:
        return content + b"1"
    at = chance.choice(digits)
    return content[:at] + str((int(chr(content[at])) + 1) % 10).encode() + content[at + 1 :]


def _other_lines(content: bytes, chance: random.Random) -> bytes:
    """A line left out, twice, or moved to the right."""
    lines = content.split(b"\n")
    line = chance.randrange(len(lines))
    replaced = chance.choice([[], [lines[line]] * 2, [b" " * chance.randrange(4) + lines[line]]])
    return b"\n".join([*lines[:line], *replaced, *lines[line + 1 :]])


def _other_ends(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n"]))


def _at(content: bytes, chance: random.Random) -> int:
    return chance.randrange(max(1, len(content)))


CHANGES: tuple[Change, ...] = (_cut, _put_in, _other_byte, _other_digit, _other_lines, _other_ends)


def spoilt(content: bytes, chance: random.Random) -> tuple[bytes, str]:
    """Content with one change, and what that was."""
    change = chance.choice(CHANGES)
    return change(content, chance), change.__name__.strip("_")


def _gone(file: Path, _: random.Random) -> None:
    file.unlink()


def _link(file: Path, _: random.Random) -> None:
    file.unlink()
    file.symlink_to("/etc/passwd")


def _folder(file: Path, _: random.Random) -> None:
    file.unlink()
    file.mkdir()


def _nothing(file: Path, chance: random.Random) -> None:
    head = file.read_bytes().split(b"\n")[0]
    file.write_bytes(chance.choice([b"", b"null", b"[]", b"{}", head]))


def _other_content(file: Path, chance: random.Random) -> None:
    """JSON that says something else."""
    try:
        tree = {"root": json.loads(file.read_bytes())}
    except ValueError:
        return _other_bytes(file, chance)
    damage(tree, chance)
    file.write_text(json.dumps(tree.get("root"), default=str))
    return None


def _other_bytes(file: Path, chance: random.Random) -> None:
    file.write_bytes(spoilt(file.read_bytes(), chance)[0])


FILES: tuple[Callable[[Path, random.Random], None], ...] = (
    _gone, _link, _folder, _nothing, _other_content, _other_content, _other_bytes, _other_bytes, _other_bytes,
)  # fmt: skip


def spoil(file: Path, chance: random.Random) -> str:
    """Change a file, empty it, take it away or put something else in its place; what was done."""
    if not file.is_file() or file.is_symlink():
        return "left"
    change = chance.choice(FILES)
    change(file, chance)
    return change.__name__.strip("_")
