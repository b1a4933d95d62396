"""Ctrl-C and SIGTERM during a training: noted at once, obeyed after the step, so that what was computed can be saved."""

import contextlib
import signal

from pipeline.common.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether a signal has come. Callable: interruption() tells."""

    def __init__(self):
        self.signal = None

    def __call__(self):
        """Tell whether a signal has come."""
        return self.signal is not None

    def stop(self, message):
        """Raise Interrupted with `message` and the signal that came."""
        raise Interrupted(message, self.signal)


@contextlib.contextmanager
def noted():
    """Yield an Interruption that notes SIGINT and SIGTERM while the block runs; a second signal acts as it always does."""
    interruption = Interruption()

    def note(number, _):
        interruption.signal = number
        for each, handler in before.items():
            signal.signal(each, handler)

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
