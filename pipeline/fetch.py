"""Stage fetch: one source of faces to data/raw (faces.npy, labels.csv, source.json)."""

from pipeline.common.errors import InputError, run, take_no_arguments
from pipeline.common.files import write_json, written
from pipeline.common.progress import Bar
from pipeline.common.workspace import RAW
from pipeline.config import params as parameters
from pipeline.dataset.labels import FaceWriter
from pipeline.faces import archive, reading, synthetic
from pipeline.faces.expected import compare, lacking
from pipeline.faces.location import locate
from pipeline.faces.parts import VALIDATION_USAGE
from pipeline.faces.seen import Seen


def copy(chunks, folder, faces, total=None):
    """Write `chunks` of faces into `folder`; return FaceWriter's summary. Raises InputError for an emotion without faces."""
    with FaceWriter(folder, faces.size) as writer, Bar("fetch", total, "faces") as bar:
        for pixels, names, emotions, usages in chunks:
            writer.append(pixels, names, emotions, usages)
            bar.advance(len(pixels))
        summary = writer.summary(faces.emotions)
        validation = {emotion: writer.counts[VALIDATION_USAGE, emotion] for emotion in faces.emotions}
    if any(validation.values()):
        summary["usage"][VALIDATION_USAGE] = validation
    empty = [e for e in faces.emotions if not any(counts[e] for counts in summary["usage"].values())]
    if empty:
        raise InputError(
            f"expected faces of every emotion in faces.emotions, received none of {', '.join(empty)}; drop it there or add faces"
        )
    others = summary["faces"] - sum(sum(counts.values()) for counts in summary["usage"].values())
    if others:
        raise InputError(f"expected faces of the emotions in faces.emotions, received {others} of others; name the same emotions in both")
    return summary


def fetch_synthetic(params, folder, seen):
    """Draw faces into `folder`; return (about: where they come from, summary, lines to print, whether the counts are the expected ones)."""
    about = {"origin": "drawn by pipeline/faces/synthetic.py, not photographs", "sha256": None, "licence": "none needed"}
    pins = params.sources.synthetic
    count = seen.forms["drawn"] = params.chosen.synthetic_faces or pins.faces
    summary = copy(synthetic.generate(count, pins.class_counts, params.seed, params.faces.size), folder, params.faces, count)
    return about, summary, *compare(summary["usage"], None)


def fetch_archive(params, folder, seen):
    """Read an archive's faces into `folder`; return what fetch_synthetic does. Raises InputError."""
    pins, names = getattr(params.sources, params.chosen.source), params.sources.archive
    path, sha256, origin = locate(params)
    with archive.entries(path, names.max_unpacked_bytes) as listing:
        summary = copy(reading.read(path.name, listing, params.faces, names, seen), folder, params.faces)
    seen.remarks += lacking(summary["usage"])
    lines, equal = compare(summary["usage"], pins.expected)
    if not getattr(pins, "sha256", True):
        lines.append(f"not pinned, so that another archive goes unnoticed: sha256 {sha256}")
    other = "; not the pixels of the challenge's fer2013.csv" if pins.expected and "JPEG" in seen.forms else ""
    lines += [f"form: {seen.form}{other}", *seen.lines()]
    if not equal:
        lines.append(f"warning: the counts are not those of {pins.expected}; every score will be of other faces than the paper's")
    return {"origin": origin, "sha256": sha256, "licence": pins.licence}, summary, lines, equal and pins.expected is not None


def main():
    """Read the source that the profile names and write data/raw."""
    params, seen = parameters.load(), Seen()
    source = params.chosen.source
    with written(RAW) as folder:
        folder.mkdir()
        about, summary, lines, met = (fetch_synthetic if source == "synthetic" else fetch_archive)(params, folder, seen)
        about |= {"form": seen.form, "remarks": seen.lines(), "expected_counts_met": met}  # counts that were not compared are not met
        write_json(folder / "source.json", {"source": source, **about, **summary})
    print("\n".join(lines))


if __name__ == "__main__":
    take_no_arguments(__doc__)
    run(main)
