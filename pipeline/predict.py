"""What a network says of pictures: finds the faces in them and gives each the probabilities of seven emotions.

The answer is a guess of which emotion an annotator would name for the face. It is not what a person feels: a face alone does not tell.
On FER-2013's own faces three in ten answers are wrong; on other pictures nothing was measured. Nothing is known of gender, age or skin in
the training faces: expect unequal errors. Not for any decision about a person: docs/model-card.md.
Only upright faces that look at the camera are found, from 40 pixels on in a picture of 1,280.

On a terminal it prints a table, else one JSON object a picture. Exit status: 0; 1 where a file could not be read (the others were); 2 for
bad options, missing packages or a weights file with another hash.
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from pipeline.common.errors import InputError, run
from pipeline.common.files import cache_folder, read_json
from pipeline.common.progress import Bar
from pipeline.common.workspace import Section
from pipeline.inference import answers, detection, pictures, videos
from pipeline.inference.asking import Asking
from pipeline.inference.network import Ensemble, Network

KEPT, SECTIONS = Path("results/weights"), ("beyond", "rows", "grid")
FORMATS = {"json": answers.JsonLines, "csv": answers.Csv}


def kept(name):
    """Return the Network of weights that are kept in results/weights, and their Scoring's file; raise InputError."""
    names = sorted(path.parent.name for path in KEPT.glob("*/model.onnx"))
    if name not in names:
        raise InputError(f"--weights: expected a folder of {KEPT} ({', '.join(names) or 'none'}), received {name!r}")
    return Network(KEPT / name / "model.onnx", read_json(KEPT / name / "score.json")["onnx"]["sha256"]), KEPT / name / "scoring.json"


def trained(row):
    """Return the Network of a row that was trained here, and its Scoring's file; raise InputError.

    A row answers through ONNX too: one arithmetic for all, and Keras starts only once a training, for the file is cached.
    """
    from pipeline.config.settings import Trained

    models = {path.parent.name: path.parent for name in reversed(SECTIONS) for path in Section(name).models.glob("*/model.weights.h5")}
    if row not in models:
        raise InputError(f"--row: expected a row that was trained here ({', '.join(sorted(models)) or 'none'}), received {row!r}")
    settings = Trained.read(models[row] / "network.json").settings
    return Network(_converted(settings, models[row])), models[row].parent / "settings" / "scoring" / f"{row}.json"


def _converted(settings, model):
    from pipeline.faces.archive import sha256_of

    weights = model / "model.weights.h5"
    digest = sha256_of(weights)
    exported = model.parent.parent / "exports" / settings.row / "model.onnx"
    if exported.exists() and Network(exported).metadata["weights_sha256"] == digest:
        return exported
    path = cache_folder() / "onnx" / f"{settings.row}-{digest[:16]}-{settings.digest()[:16]}.onnx"
    if not path.exists():
        from pipeline.inference.conversion import convert, exact, metadata_of, single_view
        from pipeline.training import backend

        print(f"predict: converts {weights} once, to {path}", file=sys.stderr)
        backend.start_for(exact(settings))
        convert(single_view(settings, weights), metadata_of(settings, digest), path)
    return path


def ensemble(name):
    """Return the mean of the rows of an ensemble in beyond/params.yaml, and its first row's Scoring's file; raise InputError."""
    from pipeline.config import params as parameters

    ensembles = parameters.load().ensembles
    if name not in ensembles:
        raise InputError(f"--ensemble: expected one of {', '.join(ensembles)} (beyond/params.yaml), received {name!r}")
    members = [trained(row) for row in ensembles[name]]
    return Ensemble([network for network, _ in members]), members[0][1]


def listed(paths):
    """Return [(path, error)] of what the command line names: files as they are, folders as the pictures and videos in them, by name."""
    suffixes = pictures.SUFFIXES | videos.SUFFIXES
    found = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append((path, None))
            continue
        named = (file for file in path.rglob("*") if file.suffix.lower() in suffixes and not file.name.startswith("."))
        inside = sorted(file for file in named if file.is_file())
        found += [(file, None) for file in inside] or [(path, "expected a folder with pictures, received one without")]
    return found


def options_of(arguments=None):
    """Return the command line's options."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m pipeline.predict", description=__doc__, formatter_class=raw)
    parser.add_argument("paths", nargs="+", metavar="PICTURE|FOLDER|VIDEO", help="files, or folders whose pictures and videos are taken")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--weights", default="compact-0", metavar="NAME", help=f"weights kept in {KEPT}; default: compact-0")
    which.add_argument("--row", metavar="ROW", help="a row that was trained here, of params.yaml, beyond/ or grid/; converted once")
    which.add_argument("--ensemble", metavar="NAME", help="the mean of several trained rows: a key of ensembles: in beyond/params.yaml")
    parser.add_argument("--tta", action="store_true", help="average over the variants of a face that the row is scored with: slower")
    parser.add_argument("--no-detect", action="store_true", help="pictures are cut-out faces: their middle square is taken")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", dest="form", action="store_const", const="json", help="one JSON object a picture")
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="one line a face")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="write copies with boxes and bars there")
    parser.add_argument("--every", type=_seconds, default=1.0, metavar="SECONDS", help="between a video's frames; 0: all; default: 1")
    return parser.parse_args(arguments)


def _seconds(text):
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds from 0 on, received {text!r}")
    return value


def chosen(options):
    """Return the Network or Ensemble that the options name, and the TestTimeAugmentation or None; raise InputError."""
    try:
        if options.row:
            network, scoring = trained(options.row)
        elif options.ensemble:
            network, scoring = ensemble(options.ensemble)
        else:
            network, scoring = kept(options.weights)
        if not options.tta:
            return network, None
        import pipeline.scoring.prediction  # noqa: F401  (needed later, and told now where its packages are missing)
        from pipeline.config.scoring import Scoring

        return network, Scoring.read(scoring).tta
    except ImportError as error:
        wanted = "--row, --ensemble and --tta: expected the packages of requirements.txt"
        raise InputError(f"{wanted}, received: {error}; run `make install-predict`") from None


def predict(options):
    """Ask about everything that the options name; return the exit status."""
    if options.save and options.save.exists() and not options.save.is_dir():
        raise InputError(f"--save: expected a folder, received the file {options.save}")
    network, tta = chosen(options)
    sys.stdout.reconfigure(errors="surrogateescape")  # file names that are no UTF-8 go out as they came in
    on_terminal = sys.stdout.isatty()
    writer = FORMATS[options.form] if options.form else answers.TableOnTerminal if on_terminal else answers.JsonLines
    files = listed(options.paths)
    detector = None if options.no_detect else detection.Detector()
    bars = not (on_terminal and options.form)  # lines and a bar on one terminal would write over each other
    asking = Asking(network, tta, detector, writer(sys.stdout, network.classes), options, bars and len(files) == 1)
    with Bar("predict", len(files), "files") if bars and len(files) > 1 else contextlib.nullcontext() as bar:
        for path, error in files:
            asking.ask(path, error)
            if bar:
                bar.advance(1)
    asking.flush()
    asking.writer.end()
    sys.stdout.flush()
    return int(asking.failed > 0)


def main():
    """Answer, and end with the status that the module says."""
    try:
        sys.exit(predict(options_of()))
    except BrokenPipeError:  # the reader of the pipe has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    run(main)
