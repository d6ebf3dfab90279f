"""How tests are run: quick ones first, and generated instances the same every time, without a time limit for one.

A failing example is printed as found; HYPOTHESIS_PROFILE=shrink looks for a smaller one, which may take long.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

COMMON = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
settings.register_profile("plain", phases=(Phase.explicit, Phase.generate), **COMMON)  # type: ignore[arg-type]
settings.register_profile("shrink", **COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "plain"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at pages is marked; what takes long comes last, so that failures show early."""
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item.module, "browser"):
            item.add_marker("browser")
    items.sort(key=lambda item: any(item.get_closest_marker(name) for name in ("long", "browser")))
