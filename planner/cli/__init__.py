"""The command line: its words, what each command does, how failures become messages and exit codes."""

import time

BEGUN = time.monotonic()  # Of the process, as far as it is ours: this is imported first.
