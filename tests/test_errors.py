import pytest

from pipeline.errors import InputError, run


def test_run__bad_input_is_one_line_and_exit_2(capsys):
    def main():
        raise InputError("expected this,\n   received that")

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith(": expected this, received that\n")


def test_run__interruption_is_exit_130(capsys):
    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == 130


def test_run__other_errors_are_not_hidden():
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)
