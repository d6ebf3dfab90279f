"""The report of a run: its tables turned round to the reader's questions, drawn on one self-contained page."""
