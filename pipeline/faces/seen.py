"""What reading met besides faces: how they are stored, and what was left out. fetch says it, source.json keeps it."""

from collections import Counter
from pathlib import PurePosixPath

MOST = 5  # names listed in one line
WIDTH = 80  # characters of a name or value that somebody made


def shown(text):
    """Return a text of somebody's making for a message: no control characters, not long."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: WIDTH + 1])
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}..."


def listed(names):
    """Return the first few names and how many more there are."""
    names = list(names)
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(map(shown, names[:MOST])) + more


class Seen:
    """Counts and remarks of one reading."""

    def __init__(self):
        self.forms, self.skipped, self.dropped, self.twice = Counter(), Counter(), Counter(), []
        self.remarks = []

    @property
    def form(self):
        """How the faces are stored: CSV, or the kinds of picture, the most frequent first."""
        return " and ".join(name for name, _ in sorted(self.forms.items(), key=lambda pair: (-pair[1], pair[0]))) or "none"

    def lines(self):
        """Return what a person should know of this reading, a line each."""
        lines = list(self.remarks)
        if self.skipped:
            kinds = ", ".join(f"{count:,} {shown(kind)}" for kind, count in sorted(self.skipped.items()))
            lines.append(f"skipped, as neither a picture nor a CSV of faces: {kinds}")
        if self.dropped:
            dropped = ", ".join(f"{count:,} of {shown(name)}" for name, count in sorted(self.dropped.items()))
            lines.append(f"left out by params.yaml: {dropped}")
        if self.twice:
            first = " and ".join(map(shown, self.twice[0]))
            lines.append(f"read once: {len(self.twice):,} faces that stand twice under one part, folder and file name (first: {first})")
        return lines

    def skip(self, entry):
        """Count a file that holds no face."""
        self.skipped[PurePosixPath(entry.name).suffix.lower() or "without suffix"] += 1
