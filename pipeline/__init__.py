"""A paper's experiment on facial expressions as a pipeline: one script a stage here, and the rooms that they import."""

import os
import signal
import sys


def leave_on_signal(number, _):
    """End the process in one line: what a script has begun before its main() runs is the import of libraries, and nothing to keep."""
    name = sys.orig_argv[sys.orig_argv.index("-m") + 1].rpartition(".")[2] if "-m" in sys.orig_argv else "pipeline"
    os.write(2, f"{name}: interrupted\n".encode())
    os._exit(128 + number)


# `python -m pipeline.x` comes here first. Ctrl-C in the second that the imports take would end in their traceback, tens of lines.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, leave_on_signal)
