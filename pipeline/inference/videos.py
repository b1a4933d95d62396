"""Reads frames of a video file through OpenCV's own FFmpeg."""

import os
from pathlib import Path

from PIL import Image

from pipeline.inference.pictures import Picture, Unreadable

SUFFIXES = frozenset(".mp4 .m4v .mov .mkv .webm .avi".split())
# What such files begin with. FFmpeg opens playlists too, whatever their name, and those name other files and addresses.
STARTS = {0: (b"\x1a\x45\xdf\xa3", b"RIFF"), 4: (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")}
LOCAL = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "protocol_whitelist;file", "OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "SILENT"}


def is_video(path):
    """Tell by its name whether a file is taken for a video."""
    return Path(path).suffix.lower() in SUFFIXES


class Video:
    """An open video: `frames` is their number as the file says (0: unknown), `every` the seconds between those that are yielded."""

    def __init__(self, path, every):
        """Open `path`; every: seconds, 0 for all frames. Raises Unreadable."""
        path = Path(path)
        if not path.is_file():
            raise Unreadable("expected a file, received none of that name")
        try:
            with open(path, "rb") as file:
                start = file.read(16)
        except OSError as error:
            raise Unreadable(f"expected a file that can be read, received: {error.strerror}") from None
        if not any(start[offset:].startswith(starts) for offset, starts in STARTS.items()):
            received = "something else" if start else "an empty file"
            raise Unreadable(f"expected a video ({' '.join(sorted(SUFFIXES))}), received {received}")
        os.environ.update(LOCAL)  # read by OpenCV when it opens a video
        import cv2

        self._capture, self.every = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), every
        if not self._capture.isOpened():
            raise Unreadable("expected a video that FFmpeg reads, received a broken one")
        self.frames = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __iter__(self):
        """Yield (seconds from the start, Picture) of frames at least `every` seconds apart, and (seconds, None) of those between."""
        import cv2

        due = 0.0
        try:
            while self._capture.grab():
                seconds = max(0.0, self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
                if seconds + 1e-6 < due:
                    yield seconds, None
                    continue
                read, frame = self._capture.retrieve()
                if read:
                    due = seconds + self.every
                    yield seconds, Picture(Image.fromarray(frame[..., ::-1].copy()))
        finally:
            self._capture.release()
