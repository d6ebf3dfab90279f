"""How a command says that it went well, or why it did not."""

from __future__ import annotations

GOOD, BAD_INPUT, INFEASIBLE, STOPPED, INTERNAL, INTERRUPTED = 0, 2, 3, 4, 5, 130
EXIT_CODES = """exit codes: 0 solved to the gap asked; 2 bad input, or no room to write; 3 no plan exists;
4 stopped early, best plan kept; 5 internal error or failed check; 130 interrupted, best plan kept"""
