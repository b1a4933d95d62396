"""What a user can mend is an InputError; every stage ends on it with one line and exit status 2."""

import argparse
import errno
import gc
import re
import signal
import sqlite3
import sys

import pipeline

NO_PLACE = dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "disk space") | dict.fromkeys(
    (errno.EROFS, errno.EACCES, errno.EPERM), "permission to read and write"
)
FULL = ("No space left", "disk is full", "disk I/O error")  # what libraries say that hide the number: HDF5, SQLite
HDF5 = re.compile(r"filename = '(?P<file>[^']*)'.*error message = '(?P<why>[^']*)'")  # the two words of its line that help


class InputError(Exception):
    """Bad input. The message is one line: what was expected, what was received, what to do."""


class Interrupted(KeyboardInterrupt):
    """The user or the system asked to stop by a signal, and what was computed has been saved."""

    def __init__(self, message, signal):
        super().__init__(message)
        self.signal = signal


def take_no_arguments(about):
    """End the process where a command line has arguments: with help, of which `about` is the text, or with exit status 2."""
    argparse.ArgumentParser(description=about).parse_args()


def run(main, leave=sys.exit):
    """Run a stage's main(), and end the process where it fails.

    leave(status): how it ends; a stage with Keras leaves without Python's own end, in which libraries that were cut short crash.
    Exit status 2 with one line on stderr for bad input or no place to write; 128 and the signal's number if interrupted.
    """
    if signal.getsignal(signal.SIGINT) is pipeline.leave_on_signal:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on there is something to clean up
    gc.set_threshold(100_000, 20, 20)  # TensorFlow's start makes a million objects that stay: looked through less often, 5 % quicker
    stage = main.__globals__.get("__spec__") or main
    name = getattr(stage, "name", getattr(stage, "__module__", "pipeline")).rpartition(".")[2]
    try:
        main()
    except InputError as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        leave(2)
    except KeyboardInterrupt as error:
        print(f"{name}: {error if str(error) else 'interrupted'}", file=sys.stderr)
        leave(128 + getattr(error, "signal", 2))
    except (OSError, sqlite3.Error) as error:  # DVC keeps a database of what it has hashed
        wanted = NO_PLACE.get(getattr(error, "errno", None)) or ("disk space" if any(said in str(error) for said in FULL) else None)
        if wanted is None:
            raise
        said = " ".join(str(error).split())
        if of_hdf5 := HDF5.search(said):
            said = "{why}: {file}".format(**of_hdf5.groupdict())
        print(f"{name}: expected {wanted}, received: {said}; mend it and run the same again", file=sys.stderr)
        leave(2)
