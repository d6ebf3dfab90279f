"""Start Pyomo without SciPy's statistics, which it imports along with SciPy and we never use: half a second."""

from __future__ import annotations

import sys


def start() -> None:
    """To be called before either is imported. Where Pyomo itself asks for SciPy it still gets all it wants."""
    from pyomo.common import dependencies

    if "scipy" not in sys.modules:  # Else Pyomo has imported it all by now.
        finder = getattr(dependencies, "DeferredImportCallbackFinder", None)  # Pyomo's own: it may go by another name.
        getattr(finder, "_callbacks", {}).pop("scipy", None)
