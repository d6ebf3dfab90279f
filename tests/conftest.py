"""How generated instances are tried: the same ones every time, without a time limit for one.

A failing example is printed as found; HYPOTHESIS_PROFILE=shrink looks for a smaller one, which may take long.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

COMMON = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
settings.register_profile("plain", phases=(Phase.explicit, Phase.generate), **COMMON)  # type: ignore[arg-type]
settings.register_profile("shrink", **COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "plain"))
