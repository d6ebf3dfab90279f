"""Exit codes of the commands: success, or the reason of the failure."""

from __future__ import annotations

import textwrap

GOOD, BAD_INPUT, INFEASIBLE, STOPPED, INTERNAL, INTERRUPTED = 0, 2, 3, 4, 5, 130
MEANINGS = {
    GOOD: "solved to the gap asked, or done", BAD_INPUT: "bad input, or no room to write",
    INFEASIBLE: "no plan exists", STOPPED: "stopped early, best plan kept",
    INTERNAL: "internal error or failed check", INTERRUPTED: "interrupted, best plan kept",
}  # fmt: skip
EXIT_CODES = textwrap.fill("exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items()), 78)
