"""Where commands print."""

from rich.console import Console

#: Results, for people.
RESULTS = Console(highlight=False, markup=False)
#: What went wrong, and notes.
ERRORS = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
