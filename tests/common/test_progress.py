import re
import sys
import time

import pytest

from pipeline.common.progress import Bar


def test_bar__silent_without_a_terminal(capsys):
    with Bar("work", 3, "faces") as bar:
        bar.advance(3)
    assert capsys.readouterr() == ("", "")


def test_bar__shows_name_and_count_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with Bar("work", 3, "faces") as bar:
        bar.advance(3, "accuracy 0.5")
    shown = capsys.readouterr().err
    assert "work" in shown and "3/3" in shown and "accuracy 0.5" in shown


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_bar__narrow_terminal_keeps_count_rate_and_time_left(capsys, monkeypatch, width):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    with Bar("train table4-InceptionResNetV2-sgd", 25200, "faces") as bar:
        for _ in range(3):
            time.sleep(0.01)
            bar.advance(32, "epoch 1 of 2, loss 1.946")
        bar.progress.refresh()
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err).split("\r")[-1]
    assert re.search(r" 96/25200 +[\d,]+ faces/s +\d:\d\d:\d\d", shown), shown
    assert shown.count("\n") == 0 and len(shown) <= width
    assert shown.startswith("train table4-Incep" if width == 60 else "train table4-InceptionResNetV2-sgd ")
    assert ("loss 1.946" in shown) == (width >= 100) and ("━" in shown) == (width >= 140)
