"""What a user can mend is an InputError; every stage ends on it with one line and exit status 2."""

import errno
import sys

NO_PLACE = dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "disk space") | dict.fromkeys(
    (errno.EROFS, errno.EACCES, errno.EPERM), "permission to read and write"
)


class InputError(Exception):
    """Bad input. The message is one line: what was expected, what was received, what to do."""


class Interrupted(KeyboardInterrupt):
    """The user or the system asked to stop by a signal, and what was computed has been saved."""

    def __init__(self, message, signal):
        super().__init__(message)
        self.signal = signal


def run(main):
    """Run a stage's main() and end the process.

    Exit status 0; 2 with one line on stderr for bad input or no place to write; 128 and the signal's number if interrupted.
    """
    stage = main.__globals__.get("__spec__") or main
    name = getattr(stage, "name", getattr(stage, "__module__", "pipeline")).rpartition(".")[2]
    try:
        main()
    except InputError as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt as error:
        print(f"{name}: {error if str(error) else 'interrupted'}", file=sys.stderr)
        sys.exit(128 + getattr(error, "signal", 2))
    except OSError as error:
        wanted = NO_PLACE.get(error.errno) or ("disk space" if "No space left" in str(error) else None)  # HDF5 hides the number
        if wanted is None:
            raise
        print(f"{name}: expected {wanted}, received: {' '.join(str(error).split())}; mend it and run the same again", file=sys.stderr)
        sys.exit(2)
