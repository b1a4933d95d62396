"""What a user can mend is an InputError; every stage ends on it with one line and exit status 2."""

import sys


class InputError(Exception):
    """Bad input. The message is one line: what was expected, what was received, what to do."""


def run(main):
    """Run a stage's main() and end the process: 0, or 2 with one line on stderr for bad input, 130 when interrupted."""
    stage = main.__globals__.get("__spec__") or main
    name = getattr(stage, "name", getattr(stage, "__module__", "pipeline")).rpartition(".")[2]
    try:
        main()
    except InputError as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        sys.exit(130)
