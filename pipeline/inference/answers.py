"""What predict says of a picture, and how it is written: JSON lines, CSV, a table on a terminal."""

import csv
import dataclasses
import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.inference.conversion import MEANING
from pipeline.inference.detection import Box

DIGITS = 6  # of a probability
WIDE = 120  # columns of a terminal from which the classes' names are written out


@dataclasses.dataclass
class Face:
    """One face of a picture: its box and {class: probability}."""

    box: Box
    probabilities: dict

    @property
    def answer(self):
        """The likeliest class."""
        return max(self.probabilities, key=self.probabilities.get)


@dataclasses.dataclass
class Answer:
    """What is said of one picture, or of one frame of a video, `seconds` after its start.

    file: its path as given; error: why it could not be read, else None; note: what of it was not read, or that nothing was found.
    """

    file: str
    seconds: float | None = None
    size: tuple | None = None  # width and height in pixels
    faces: list = dataclasses.field(default_factory=list)
    note: str = ""
    error: str | None = None


def printable(text):
    """Return a text as one line: what cannot be printed in it, as in a file's name, is escaped."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in str(text))


class JsonLines:
    """One JSON object a picture."""

    def __init__(self, stream, classes):
        self._stream = stream

    def add(self, answer):
        """Write a picture's line."""
        line = {"file": answer.file}
        if answer.seconds is not None:
            line["seconds"] = round(answer.seconds, 3)
        if answer.error:
            line["error"] = answer.error
        else:
            line |= dict(zip(("width", "height"), answer.size, strict=True))
            line["faces"] = [
                {
                    "box": dataclasses.asdict(face.box),
                    "answer": face.answer,
                    "probabilities": {name: round(value, DIGITS) for name, value in face.probabilities.items()},
                }
                for face in answer.faces
            ]
            if answer.note:
                line["note"] = answer.note
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()

    def end(self):
        """Nothing is left to write."""


class Csv:
    """One line a face, after a line of names; a picture without one has no line."""

    def __init__(self, stream, classes):
        self._writer = csv.writer(stream, lineterminator="\n")
        self._classes = classes
        self._writer.writerow(["file", "seconds", "face", "x", "y", "side", "answer", *classes])

    def add(self, answer):
        """Write the lines of a picture's faces."""
        seconds = "" if answer.seconds is None else f"{answer.seconds:.3f}"
        for number, face in enumerate(answer.faces, 1):
            probabilities = [f"{face.probabilities[name]:.{DIGITS}f}" for name in self._classes]
            self._writer.writerow([answer.file, seconds, number, *dataclasses.astuple(face.box), face.answer, *probabilities])

    def end(self):
        """Nothing is left to write."""


class TableOnTerminal:
    """One table of all faces, probabilities in percent, printed at the end."""

    def __init__(self, stream, classes):
        self._console, self._classes = Console(file=stream), classes
        names = classes if self._console.width >= WIDE else [name[:3] for name in classes]
        self._table = Table(box=None, padding=(0, 1, 0, 0), caption=f"Probabilities in percent. {MEANING}", caption_justify="left")
        self._table.add_column("file", overflow="fold", min_width=10)
        self._table.add_column("face", justify="right", no_wrap=True)
        self._table.add_column("x, y, side", no_wrap=True)
        self._table.add_column("answer", no_wrap=True)
        for name in names:
            self._table.add_column(name, justify="right", no_wrap=True)

    def add(self, answer):
        """Take a picture's lines."""
        name = printable(answer.file) + ("" if answer.seconds is None else f", {answer.seconds:.2f} s")
        if answer.error or not answer.faces:
            return
        for number, face in enumerate(answer.faces, 1):
            box = f"{face.box.x}, {face.box.y}, {face.box.side}"
            values = [Text(f"{100 * face.probabilities[one]:.0f}", "bold" if one == face.answer else "") for one in self._classes]
            self._table.add_row(Text(name if number == 1 else ""), str(number), box, Text(face.answer, "bold"), *values)

    def end(self):
        """Print the table, where it has a line."""
        if self._table.row_count:
            self._console.print(self._table)
