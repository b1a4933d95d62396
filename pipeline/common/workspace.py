"""Where the stages find and leave things. Rows come in sections of params.yaml: the paper's (rows) in folders at the top, those of
beyond/dvc.yaml (beyond) in folders under beyond/, the cells of grid/dvc.yaml (grid) in folders under grid/."""

import argparse
import dataclasses
import difflib
from pathlib import Path

from pipeline.common.errors import InputError

MANY = 30  # names in one line
RAW, RGB, SPLIT_FILES = Path("data/raw"), Path("data/rgb"), Path("data/splits")
FACES, AUDIT = RGB / "faces.npy", Path("reports/audit")


@dataclasses.dataclass(frozen=True)
class Section:
    """The folders of one section of rows."""

    name: str

    @property
    def root(self):
        """The folder that holds the others."""
        return Path() if self.name == "rows" else Path(self.name)

    @property
    def models(self):
        """One folder a row, and settings/<row>.json."""
        return self.root / "models"

    @property
    def settings(self):
        """What stage resolve wrote of each row."""
        return self.models / "settings"

    @property
    def reports(self):
        """Tables and figures."""
        return self.root / "reports"

    @property
    def rows(self):
        """One folder a row: predictions and metrics."""
        return self.reports / "rows"

    def check_row(self, row):
        """Raise InputError where resolve wrote no settings of `row`, with the names that it wrote or what makes it write."""
        folder = self.models / "settings"
        known, resolve = sorted(path.stem for path in folder.glob("*.json")), f"`dvc repro {stage_of(folder, 'resolve')}`"
        if not known:
            first = "" if (self.root / "dvc.yaml").exists() or self.name == "rows" else f"`make {self.name}` and "
            raise InputError(f"expected settings in {folder}, found none; run {first}{resolve}")
        if row not in known:
            names = known if len(known) <= MANY else [*difflib.get_close_matches(row, known, 3, 0), "..."]
            raise InputError(f"--row: expected one of {', '.join(names)}, received {row!r}; a new row needs {resolve} first")

    @property
    def tabled(self):
        """One folder a row of the paper's tables: the rows themselves, or the cells that a search chose for them."""
        return self.reports / "chosen" if self.name == "grid" else self.rows


def stage_of(path, stage):
    """Return how `dvc repro` names the stage that writes `path`, which lies in a folder of a section."""
    first, *rest = Path(path).parts
    if first == "grid":  # where one stage trains and evaluates a cell
        stage = "choose" if "chosen" in rest else stage.replace("evaluate@", "train@")
    return stage if Path(path).is_absolute() or first in ("models", "reports") else f"{first}/dvc.yaml:{stage}"


def add_section(parser, names=("rows", "beyond", "grid")):
    """Let an ArgumentParser take --section, one of `names`; its value is a Section."""

    def section(text):
        if text not in names:
            raise argparse.ArgumentTypeError(f"expected one of {', '.join(names)}, received {text!r}")
        return Section(text)

    told = "where the row stands: rows (params.yaml), beyond, grid (params.yaml of their folders); default: rows"
    parser.add_argument("--section", type=section, default=Section("rows"), metavar="NAME", help=told)
