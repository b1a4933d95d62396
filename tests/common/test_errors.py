import errno

import pytest

from pipeline.common.errors import InputError, Interrupted, run


def test_run__bad_input_is_one_line_and_exit_2(capsys):
    def main():
        raise InputError("expected this,\n   received that")

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith(": expected this, received that\n")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "x.h5"), "expected disk space, received: [Errno 28]"),
        (OSError("HDF5: can't write, error message = 'No space left on device'"), "expected disk space"),
        (OSError(errno.EROFS, "Read-only file system", "models"), "expected permission to read and write, received: [Errno 30]"),
    ],
)
def test_run__no_place_to_write_is_one_line_and_exit_2(capsys, error, expected):
    def main():
        raise error

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert expected in said and said.count("\n") == 1


def test_run__interruption_by_a_signal_says_what_was_saved(capsys):
    def main():
        raise Interrupted("saved; run the same again", 15)

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == 143
    assert capsys.readouterr().err.endswith(": saved; run the same again\n")


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
