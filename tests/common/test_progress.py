import sys

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
