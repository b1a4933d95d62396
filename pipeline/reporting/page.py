"""The report's tables in Markdown, LaTeX and HTML, from one source: frames of strings with a title and a remark; and the two pages."""

import base64
import dataclasses
import re
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.reporting import tables

TEMPLATES = Path(__file__).with_name("templates")

OFFICIAL = "Unbalanced: the official split (Training; PublicTest and PrivateTest), or as splits.unbalanced says."
REMARKS = {
    "table2": OFFICIAL,
    "table3": "Balanced: undersampled to the rarest emotion over all faces, then 80 % training, 20 % test, as the paper states it.",
    "table4": f"{OFFICIAL} [4] is as its authors published it; it was not run here.",
}
WORTH = (
    "Percent; precision, recall and F1 are macro averages; the interval is over test faces (bootstrap), not over repeated "
    "trainings; Chance is what always giving the commonest emotion scores; Without duplicates leaves out test faces with an "
    "identical picture in training. Bold: the best of a column."
)
BOLD = ("Accuracy", "Precision", "Recall", "F1-score")
SHOWN = ("Row", "Models", *BOLD, "Interval", "n", "Chance", *tables.PAPER_NAMES)
KEPT_FORM = "JPEG"  # of the FER-2013 archive that results/ was measured on; the challenge's CSV differs from it in every face
LATEX_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {c: f"\\{c}" for c in "&%$#_{}"}


@dataclasses.dataclass(frozen=True)
class Titled:
    """A table of strings with its title, a caption that says what made it, a remark, and columns whose best is bold."""

    name: str
    frame: pd.DataFrame
    title: str
    caption: str
    remark: str = ""
    bold: tuple = ()
    shown: tuple = ()  # the columns that the page shows at once, the others behind a click; none named: all

    def best(self):
        """Return the cells (line, column) that hold the largest number of a bold column."""
        cells = set()
        for column in self.bold:
            numbers = pd.to_numeric(self.frame[column], errors="coerce")
            cells |= {(line, self.frame.columns.get_loc(column)) for line in range(len(numbers)) if numbers.iloc[line] == numbers.max()}
        return cells

    def marked(self, mark):
        """Return the frame with mark(text) in the best cells."""
        frame = self.frame.copy()
        for line, column in self.best():
            frame.iloc[line, column] = mark(frame.iloc[line, column])
        return frame

    def markdown(self):
        """Return the table in Markdown with title, caption and remark."""
        text = self.marked(lambda cell: f"**{cell}**").to_markdown(index=False, disable_numparse=True)
        return f"### {self.title}\n\n{self.caption}\n\n{text}\n\n{self.remark}\n"

    def latex(self):
        """Return the table in LaTeX (booktabs)."""
        safe = self.frame.map(escape_latex)
        for line, column in self.best():
            safe.iloc[line, column] = rf"\textbf{{{safe.iloc[line, column]}}}"
        head = " & ".join(map(escape_latex, safe.columns))
        lines = [" & ".join(line) + r" \\" for line in safe.to_numpy()]
        return "\n".join(
            [
                "% needs \\usepackage{booktabs}", r"\begin{table}", rf"\caption{{{escape_latex(f'{self.title}. {self.caption}')}}}",
                rf"\label{{tab:{self.name}}}", rf"\begin{{tabular}}{{{'l' * len(safe.columns)}}}", r"\toprule", head + r" \\", r"\midrule",
                *lines, r"\bottomrule", r"\end{tabular}", "", escape_latex(self.remark), r"\end{table}", "",
            ]
        )  # fmt: skip

    def for_page(self):
        """Return what the page's template shows: id, title, remark, columns, lines of cells {"text", "best"}, and two lists of columns'
        numbers, those shown at once and more. Why a line is not compared stands once on the page, not in every cell."""
        best, columns = self.best(), list(self.frame.columns)
        texts = self.frame.map(lambda cell: tables.NOT_COMPARED if cell.startswith(tables.UNLIKE) else cell).to_numpy().tolist()
        lines = [[{"text": text, "best": (i, j) in best} for j, text in enumerate(line)] for i, line in enumerate(texts)]
        shown = [columns.index(column) for column in self.shown or columns if column in columns]
        more = [index for index in range(len(columns)) if index not in shown]
        about = {"id": self.name, "title": self.title, "remark": self.remark, "columns": columns}
        return about | {"lines": lines, "shown": shown, "more": more}


def escape_latex(text):
    """Return text that LaTeX prints as it stands."""
    return re.sub(r"[\\~^&%$#_{}]", lambda found: LATEX_SPECIAL[found.group()], text)


def paper_table(name, frame, paper, caption):
    """Return one of the paper's tables as Titled."""
    return Titled(name, frame, paper["tables"][name]["title"], caption, f"{REMARKS[name]} {WORTH}", BOLD, SHOWN)


def note(source, profile):
    """Return a few words on what made a score: for the captions."""
    faces = "SYNTHETIC faces" if source["source"] == "synthetic" else f"faces of {source['origin']}"
    return f"profile {profile}, {faces}"


def banner(source, profile):
    """Return the sentences at the top of the page: data, profile, and what the numbers are not."""
    said = f"Profile {profile}, source {source['source']}: {source['origin']}; {source['faces']:,} faces."
    if source["source"] == "synthetic":
        said += " The faces are drawings made by this program. No score below says anything about photographs of people or about the paper."
        return said
    if not source["expected_counts_met"]:
        said += " The counts of faces are not those of FER-2013, or were not compared with them."
    if source["form"] != KEPT_FORM:
        said += f" The faces were read as {source['form']}; kept scores (results/) are of {KEPT_FORM} files, whose pixels are others."
    return said


def page(titled, sentence, said, pictures):
    """Return the report in Markdown. titled: Titled, in order; sentence: the verdict; said: the banner; pictures: file names."""
    parts = ["# FER-2013, reproduced: Tables 2 to 4, Figures 1 to 8", f"> **{said}**", sentence]
    parts += [table.markdown() for table in titled]
    parts += [f"![{picture.removesuffix('.png')}](figures/{picture})" for picture in pictures]
    return "\n\n".join(parts) + "\n"


def data_uri(path):
    """Return an SVG file as a data URI."""
    return "data:image/svg+xml;base64," + base64.b64encode(Path(path).read_bytes()).decode()


def sort_key(text):
    """Return what a cell sorts by: its first number, else its text."""
    first = text.replace(",", "").split(" ")[0].rstrip("%")
    try:
        return float(first)
    except ValueError:
        return text.lower()


def render(**context):
    """Return the report as one self-contained page, reports/index.html; every value is escaped.

    The names of the context stand in templates/index.html.
    """
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.lstrip_blocks = True
    environment.filters |= {"sort_key": sort_key, "data_uri": data_uri}
    return environment.get_template("index.html").render(**context) + "\n"
