"""What the tests of downloads serve and expect."""

import hashlib
import socket

import pytest

from pipeline.common.errors import InputError

DATA = b"an archive"


SHA256 = hashlib.sha256(DATA).hexdigest()


KEY = "do-not-print-me"


def nobody():
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def error_of(function, *arguments):
    with pytest.raises(InputError) as error:
        function(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)
