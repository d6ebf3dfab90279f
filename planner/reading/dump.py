"""Plain data as text: YAML that is read as it was written, and the form whose digest knows an instance."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import yaml

from planner.reading.compose import is_plain_text


def written_yaml(content: Any) -> str:
    """YAML in which every value is written where it stands, without aliases."""
    return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


class _Dumper(yaml.CSafeDumper):
    """Writes by YAML 1.1, whose numbers are not those that are read (1e5): such texts get quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def text(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if is_plain_text(data) else "'")


_Dumper.add_representer(str, _Dumper.text)


def digest(content: Any) -> str:
    """SHA-256 of plain data; independent of the order of keys."""
    text = json.dumps(_canonical(content), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Plain data in which keys are text and 1.0 is 1, so that equal instances have equal digests."""
    if isinstance(value, dict):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
