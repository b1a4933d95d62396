"""Progress of long work on a terminal, with rate and time left; silent when the output is no terminal."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text


class RateColumn(ProgressColumn):
    """Units per second."""

    def __init__(self, unit):
        super().__init__()
        self.unit = unit

    def render(self, task):
        """Return the rate as text, empty until it is known."""
        return Text(f"{task.speed:,.0f} {self.unit}/s" if task.speed else "")


BAR, NOTE = (10, 40), 24  # columns: of the bar at least and at most, and of a note at least


class Bar:
    """One progress bar; `advance(n, note)` moves it.

    On a narrow terminal count, rate and time left stay: first the bar goes, then the note, then the description's end.
    """

    def __init__(self, description, total, unit):
        console = Console(stderr=True)
        count = 2 * len(str(total)) + 1 if total else 16
        room = console.width - count - len(f" 1,000,000 {unit}/s 0:00:00 ")  # for the other three
        description = description if len(description) <= room else f"{description[: max(room - 1, 0)]}…"
        note = room - len(description) - 1
        bar = min(note - NOTE - 1, BAR[1])
        columns = [TextColumn("{task.description}")]
        if bar >= BAR[0]:
            columns.append(BarColumn(bar))
            note -= bar + 1
        columns += [MofNCompleteColumn(), RateColumn(unit), TimeRemainingColumn()]
        if note >= NOTE:
            columns.append(TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis", max_width=note)))
        self.progress = Progress(*columns, console=console, disable=not sys.stderr.isatty())
        self.task = self.progress.add_task(description, total=total, note="")

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *_):
        self.progress.stop()

    def advance(self, count, note=""):
        """Move on by `count` units and show `note` at the end of the line."""
        self.progress.update(self.task, advance=count, note=note)
