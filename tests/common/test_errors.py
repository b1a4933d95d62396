import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.common.errors import InputError, Interrupted, run


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("everything", 2)])
def test_take_no_arguments__stage_that_is_given_one_does_nothing(tmp_path, argument, status):
    (tmp_path / "pipeline").symlink_to(Path("pipeline").absolute())
    command = [sys.executable, "-m", "pipeline.fetch", argument]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status and "usage: " in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["pipeline"]


def test_scripts__each_reads_its_command_line():
    scripts = {path.name: text for path in Path("pipeline").glob("*.py") if "__main__" in (text := path.read_text(encoding="utf-8"))}
    assert len(scripts) > 15
    assert [name for name, text in scripts.items() if "ArgumentParser" not in text and "take_no_arguments(__doc__)" not in text] == []


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
        (sqlite3.OperationalError("database or disk is full"), "expected disk space, received: database or disk is full"),
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


def test_run__hdf5s_words_are_cut_to_reason_and_file(capsys):
    said = (
        "[Errno 28] Can't synchronously write data (file write failed: time = Fri Nov 27 09:30:51 2026\n, filename = 'models/x.h5', file "
        "descriptor = 3, errno = 28, error message = 'No space left on device', buf = 0x564602efa7d0, total write size = 24)"
    )

    def main():
        raise OSError(said)

    left = []
    run(main, left.append)
    assert left == [2]
    assert capsys.readouterr().err.endswith("received: No space left on device: models/x.h5; mend it and run the same again\n")


TELLER = """import sys
class Teller:
    def find_spec(self, name, *_):
        if name.startswith("pipeline."):
            open("begun", "w").close()
sys.meta_path.insert(0, Teller())
"""  # Python runs it as sitecustomize: it tells when the package is there and its first module is looked for


@pytest.mark.parametrize(("script", "options"), [("fetch", []), ("evaluate", ["--row", "nobody"])])  # a light stage; one that imports much
def test_script__ctrl_c_while_it_imports_is_one_line(script, options, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(TELLER)
    begun = tmp_path / "begun"
    for delay in (0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6):
        process = subprocess.Popen(
            [sys.executable, "-m", f"pipeline.{script}", *options],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"},
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's background jobs ignore it
        )
        while not begun.exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.002)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        if "expected" in said:  # main() had begun, and has no params here
            break
        assert (process.returncode, said) == (130, f"{script}: interrupted\n"), delay
        begun.unlink()
    assert delay > 0


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
