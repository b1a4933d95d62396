import io
import re

import pytest

from pipeline.common.tables import print_table

COLUMNS = ("row", "data", "epochs")
ROWS = [("table4-InceptionResNetV2-sgd", "unbalanced", 2), ("short", "balanced", 14)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def printed(width, monkeypatch, file=None):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    file = file or Terminal()
    print_table("Rows", COLUMNS, ROWS, ("data", "epochs"), file)
    return re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines()


@pytest.mark.parametrize(("width", "left_out"), [(80, []), (60, []), (50, ["data"]), (34, ["data", "epochs"])])
def test_print_table__cuts_nothing_and_leaves_out_the_least(monkeypatch, width, left_out):
    # By hand: 28 + 10 + 6 letters, and 10 of lines and blanks: 54 columns.
    lines = printed(width, monkeypatch)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width and "…" not in text
    assert "table4-InceptionResNetV2-sgd" in text and ("unbalanced" in text) == ("data" not in left_out)
    said = " ".join(" ".join(line for line in lines if not line.startswith(tuple(" ┏┃┡│└"))).split())
    assert said == (f"left out, for the terminal has {width} columns: {', '.join(left_out)}" if left_out else "")


def test_print_table__what_is_wider_than_the_terminal_goes_on_in_a_further_line(monkeypatch):
    text = "".join(line.strip("│ ") for line in printed(20, monkeypatch) if "│" in line)
    assert "table4-InceptionResNetV2-sgd" in text


def test_print_table__whole_where_the_output_is_no_terminal(monkeypatch):
    lines = printed(20, monkeypatch, io.StringIO())
    assert any("table4-InceptionResNetV2-sgd │ unbalanced │      2" in line for line in lines)
