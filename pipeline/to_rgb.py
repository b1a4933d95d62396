"""Stage to_rgb: gray faces (N, size, size) to RGB (N, size, size, 3), the labels passed on (the paper's section 3.2)."""

import shutil

from pipeline.common.errors import run, take_no_arguments
from pipeline.common.files import written
from pipeline.common.progress import Bar
from pipeline.common.workspace import RAW, RGB
from pipeline.dataset.arrays import NpyWriter, open_npy, read_npy_in_chunks, to_rgb

CHUNK = 1024  # faces held in memory at once


def main():
    """Read data/raw and write data/rgb."""
    total, *size = open_npy(RAW / "faces.npy").shape
    with written(RGB) as folder:
        folder.mkdir()
        with NpyWriter(folder / "faces.npy", (*size, 3), "uint8") as writer, Bar("to_rgb", total, "faces") as bar:
            for faces in read_npy_in_chunks(RAW / "faces.npy", CHUNK):
                writer.append(to_rgb(faces))
                bar.advance(len(faces))
        shutil.copyfile(RAW / "labels.csv", folder / "labels.csv")


if __name__ == "__main__":
    take_no_arguments(__doc__)
    run(main)
