"""Where to build rare-earth mines, refiners, magnet plants and recycling when China may cut exports."""

from __future__ import annotations

__version__ = "0.1.0"
