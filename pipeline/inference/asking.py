"""Takes pictures and videos one after another, asks a network about the faces in them, and writes what it says."""

import contextlib
import sys
from pathlib import Path

import numpy as np

from pipeline.common.files import written
from pipeline.common.progress import Bar
from pipeline.inference import answers, detection, drawing, pictures, videos
from pipeline.inference.network import BATCH


class Asking:
    """One run of the command: reads, finds, cuts, asks, writes."""

    def __init__(self, network, tta, detector, writer, options, bars):
        """Take an open Network, a TestTimeAugmentation or None, a Detector or None (pictures are faces), a writer of answers, the options.

        bars: whether a video may show its progress.
        """
        self.network, self.tta, self.detector, self.writer, self.bars = network, tta, detector, writer, bars
        self.save, self.every = options.save, options.every
        self.waiting, self.failed, self.names = [], 0, set()

    def ask(self, path, error):
        """Take one file; error: why it cannot be read, if that is known."""
        file = str(path)
        try:
            if error:
                raise pictures.Unreadable(error)
            if videos.is_video(path):
                self._video(path)
            else:
                self._picture(file, None, pictures.read(path))
        except pictures.Unreadable as unreadable:
            self.failed += 1
            self._wait(answers.Answer(file, error=str(unreadable)), [], [], None)

    def _video(self, path):
        video = videos.Video(path, self.every)
        seen = 0
        with Bar(f"read {answers.printable(path.name)}", video.frames or None, "frames") if self.bars else contextlib.nullcontext() as bar:
            for seconds, frame in video:
                if frame is not None:
                    seen += 1
                    self._picture(str(path), seconds, frame)
                if bar:
                    bar.advance(1)
        if not seen:
            raise pictures.Unreadable("expected a video with frames, received none")

    def _picture(self, file, seconds, picture):
        gray = picture.gray()
        answer = answers.Answer(file, seconds, picture.image.size, note=picture.note)
        boxes = [detection.whole(gray)] if self.detector is None else self.detector.find(gray)
        margin = 0 if self.detector is None else detection.MARGIN
        if not boxes:
            answer.note = "; ".join(filter(None, (picture.note, "no face was found")))
        faces = [detection.cut(gray, box, self.network.side, margin) for box in boxes]
        self._wait(answer, boxes, faces, picture.image if self.save else None)

    def _wait(self, answer, boxes, faces, image):
        self.waiting.append((answer, boxes, faces, image))
        if image is not None or sum(max(1, len(faces)) for _, _, faces, _ in self.waiting) >= BATCH:
            self.flush()

    def flush(self):
        """Ask the network about the faces that wait, and write what it says."""
        faces = [face for _, _, cut, _ in self.waiting for face in cut]
        probabilities = iter(self.network.probabilities(np.array(faces, np.uint8), self.tta).tolist())
        waiting, self.waiting = self.waiting, []
        for answer, boxes, _, image in waiting:
            answer.faces = [answers.Face(box, dict(zip(self.network.classes, next(probabilities), strict=True))) for box in boxes]
            said = answer.error or answer.note
            if said:
                when = "" if answer.seconds is None else f", {answer.seconds:.2f} s"
                print(f"predict: {answers.printable(answer.file)}{when}: {answers.printable(said)}", file=sys.stderr)
            if image is not None and answer.faces:
                with written(self.save / self._name(answer)) as path:
                    drawing.draw(image, answer.faces).save(path, "JPEG", quality=90)
            self.writer.add(answer)

    def _name(self, answer):
        # Of a copy: no other's of this run, and nothing in it that a shell or a terminal minds.
        stem = "".join(one if one.isalnum() or one in "-_." else "_" for one in Path(answer.file).stem)[:50]
        when = "" if answer.seconds is None else f"-{answer.seconds:08.2f}s"
        name, number = f"{stem}{when}-faces.jpg", 1
        while name.lower() in self.names:
            number += 1
            name = f"{stem}{when}-faces-{number}.jpg"
        self.names.add(name.lower())
        return name
