"""Images made in memory, for the tests of reading."""

import io

from PIL import Image


def encoded(image, form="PNG"):
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def picture(value, width=16, height=16, mode="L", form="PNG"):
    """The bytes of an image of one colour."""
    return encoded(Image.new(mode, (width, height), value), form)
