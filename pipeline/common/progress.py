"""Progress of long work on a terminal, with rate and time left; silent when the output is no terminal."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text


class RateColumn(ProgressColumn):
    """Units per second."""

    def __init__(self, unit):
        super().__init__()
        self.unit = unit

    def render(self, task):
        """Return the rate as text, empty until it is known."""
        return Text(f"{task.speed:,.0f} {self.unit}/s" if task.speed else "")


class Bar:
    """One progress bar; `advance(n, note)` moves it."""

    def __init__(self, description, total, unit):
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            RateColumn(unit),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self.progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
        self.task = self.progress.add_task(description, total=total, note="")

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *_):
        self.progress.stop()

    def advance(self, count, note=""):
        """Move on by `count` units and show `note` at the end of the line."""
        self.progress.update(self.task, advance=count, note=note)
