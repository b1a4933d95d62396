import os
import signal

import pytest

from pipeline.common.errors import Interrupted
from pipeline.common.interruption import noted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_noted__a_signal_is_noted_and_obeyed_later(number):
    with pytest.raises(Interrupted, match="saved") as caught, noted() as interruption:
        assert not interruption()
        os.kill(os.getpid(), number)
        assert interruption()
        interruption.stop("saved")
    assert caught.value.signal == number


def test_noted__a_second_signal_acts_as_always():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    with pytest.raises(KeyboardInterrupt), noted():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_noted__handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with noted():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
