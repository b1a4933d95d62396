"""What each part of the Compact network and of a recipe is worth: short trainings with one part changed, scored on validation faces.

dvc exp run -S profile=ablation balance
python -m benchmarks.ablation [--row ROW] [--only NAME ...] [--seeds N ...] [--json FILE]

The validation faces are a share of the official training faces; no test face is read. Each finished training is kept in
models/ablation and not repeated.
"""

import argparse
import functools
import hashlib
import json
import re
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest
from scipy.stats import t as student_t

from benchmarks.ablation_variants import BASE, NETWORKS, RECIPES, SETTINGS, VARIANTS
from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_json, written
from pipeline.common.fingerprint import fingerprint
from pipeline.common.interruption import noted
from pipeline.config import params as parameters
from pipeline.config.scoring import TestTimeAugmentation
from pipeline.config.settings import Recipe
from pipeline.networks import Compact
from pipeline.reporting.significance import holm, mcnemar
from pipeline.resolve import resolve
from pipeline.scoring.prediction import predict
from pipeline.training import backend
from pipeline.training.source import sha256_of_source
from pipeline.training.trainer import TrainingData, train

ROWS = "compact-0", "quick-0"
FOLDER = Path("models/ablation")


def features_of(features, images, standardized=False, **change):
    """Return a network's feature maps of scaled images with a change of NETWORKS; standardized: each face has mean 0, variance 1."""
    if standardized:
        from keras import layers

        images = layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, name="standardized")(images)
    return features(images, **change)


def changed(recipe, name):
    """Return the Recipe of a variant; an empty augmentation takes all of it away."""
    values = recipe.model_dump()
    for key, value in RECIPES.get(name, {}).items():
        values[key] = values[key] | value if key == "augmentation" and value else value
    return Recipe.model_validate(values)


def slug(name):
    """Return a variant's name as one for a folder."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


def folder_of(name, base):
    """Return where a variant's training is kept."""
    return FOLDER / f"{base.row.removesuffix('-0')}-{slug(name)}-{base.seed}"


def settings_of(name, base):
    """Return the Settings of a variant; base: those of a row of ROWS."""
    changes = {"row": f"ablation-{folder_of(name, base).name}", "recipe": changed(base.recipe, name)} | SETTINGS.get(name, {})
    rate = changes.pop("learning_rate", base.optimizer.learning_rate)
    return base.model_copy(update=changes | {"optimizer": base.optimizer.model_copy(update={"learning_rate": rate})})


def trained(name, base, data):
    """Tell whether a variant has been trained with these settings, by this network's code, on these faces and this split."""
    about = folder_of(name, base) / "ablation.json"
    return about.exists() and read_json(about)["made_by"] == made_by(name, base, data)


def made_by(name, base, data):
    """Return what decides a variant's training: settings, changes of the network, code, faces and split."""
    settings, source = settings_of(name, base).model_dump(), sha256_of_source(base.model)
    about = [settings, NETWORKS.get(name, {}), source, data.faces_sha256, data.split_sha256]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def run_variant(name, base, tta, data, interruption):
    """Train a variant; keep in its folder whether each validation face is answered rightly (n,) bool, with and without test-time
    augmentation."""
    if trained(name, base, data):
        return
    settings, folder = settings_of(name, base), folder_of(name, base)
    index, labels = data.validation
    kept = Compact.features
    Compact.features = functools.partial(features_of, kept, **NETWORKS.get(name, {}))
    try:
        backend.start_for(settings)
        with written(folder) as made:
            made.mkdir()
            _, checkpoint = train(settings, data, made, FOLDER / "live" / folder.name, interruption)
            for file, variants in (("right", TestTimeAugmentation()), ("right_tta", tta)):
                probabilities, parameters_of = predict(settings, variants, made / "model.weights.h5", data.pixels, index, 256)
                np.save(made / f"{file}.npy", probabilities.argmax(axis=1) == labels)
            write_json(made / "ablation.json", {"made_by": made_by(name, base, data), "parameters": parameters_of})
        checkpoint.drop()
    finally:
        Compact.features = kept


def results(base, data):
    """Return what the trained variants score on the validation faces, and how they differ from BASE; base: Settings of a row of ROWS."""
    done = [name for name in VARIANTS if trained(name, base, data)]
    right = {name: np.load(folder_of(name, base) / "right.npy") for name in done}
    augmented = np.load(folder_of(BASE, base) / "right_tta.npy")
    found = {name: (right[name], read_json(folder_of(name, base) / "ablation.json")) for name in done}
    found |= {f"{BASE}, test-time augmentation": (augmented, found[BASE][1])}
    pairs = {name: mcnemar(answers, right[BASE]) for name, (answers, _) in found.items() if name != BASE}
    adjusted = dict(zip(pairs, holm([p for *_, p in pairs.values()]), strict=True))
    lines = {}
    for name, (answers, about) in found.items():
        interval = binomtest(int(answers.sum()), len(answers)).proportion_ci(method="wilson")
        lines[name] = {
            "accuracy": float(answers.mean()),
            "augmented": float((augmented if name not in right else np.load(folder_of(name, base) / "right_tta.npy")).mean()),
            "interval": [float(interval.low), float(interval.high)],
            "difference": float(answers.mean() - right[BASE].mean()),
            "adjusted_p": float(adjusted.get(name, 1.0)),
            "parameters": about["parameters"],
        }
    about = {"row": base.row, "seed": base.seed, "epochs": base.epochs, "precision": base.precision}
    return about | {"validation_faces": len(right[BASE]), "variants": lines}


def over_seeds(figures):
    """Return {variant: what it scores over the seeds}, for the variants of all seeds; figures: results of each of k seeds, k > 1.

    accuracy: mean; difference: mean of the k differences from BASE under the same seed; interval: the 95 % interval of that mean
    (Student's t, k - 1 degrees of freedom).
    """
    lines, k = {}, len(figures)
    for name in figures[0]["variants"]:
        each = [one["variants"].get(name) for one in figures]
        if None not in each:
            differences = np.array([line["difference"] for line in each])
            half = float(student_t.isf(0.025, k - 1) * differences.std(ddof=1) / np.sqrt(k))
            mean = float(differences.mean())
            accuracy = float(np.mean([line["accuracy"] for line in each]))
            lines[name] = {"accuracy": accuracy, "difference": mean, "interval": [mean - half, mean + half], "seeds": k}
    return lines


def show(figures):
    """Return a rich Table of the results of one seed."""
    table = Table(title="{row}: {validation_faces} validation faces, {epochs} epochs, {precision}, seed {seed}".format(**figures))
    for column in ("variant", "accuracy, %", "difference", "adjusted p", "with test-time augmentation, %"):
        table.add_column(column)
    for name, line in figures["variants"].items():
        low, high = line["interval"]
        cells = f"{100 * line['accuracy']:.2f} ({100 * low:.2f} to {100 * high:.2f})", f"{100 * line['difference']:+.2f}"
        table.add_row(name, *cells, f"{line['adjusted_p']:.3f}", f"{100 * line['augmented']:.2f}")
    return table


def show_over_seeds(lines):
    """Return a rich Table of over_seeds."""
    table = Table(title="Mean over seeds")
    for column in ("variant", "seeds", "accuracy, %", "difference, points"):
        table.add_column(column)
    for name, line in lines.items():
        low, high = line["interval"]
        difference = f"{100 * line['difference']:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
        table.add_row(name, str(line["seeds"]), f"{100 * line['accuracy']:.2f}", difference)
    return table


def main():
    """Train the variants that were not trained yet; print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = VARIANTS
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=f"of: {'; '.join(names)}")
    parser.add_argument("--row", choices=ROWS, default=ROWS[0], help=f"whose recipe is changed; default: {ROWS[0]}")
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N", help="of the trainings; default: that of the row")
    parser.add_argument("--json", type=Path, help="file for the results")
    options = parser.parse_args()
    params = parameters.load()
    settings, tta = resolve(params, options.row, "beyond"), params.recipes[params.beyond[options.row].recipe].tta
    data = TrainingData.read(settings)
    if params.chosen.source == "synthetic" or not len(data.validation[0]):
        raise InputError("expected real faces and validation faces, received none; run `dvc exp run -S profile=ablation balance`")
    print(f"{len(data.training[0])} training faces, {len(data.validation[0])} validation faces", flush=True)
    console, figures = Console(width=130), {}
    with noted() as interruption:
        for seed in dict.fromkeys(options.seeds or [settings.seed]):
            base = settings.model_copy(update={"seed": seed})
            for name in dict.fromkeys([BASE, *options.only]):
                run_variant(name, base, tta, data, interruption)
                figures[seed] = results(base, data)
                console.print(show(figures[seed]))
                found = {"machine": fingerprint(), "seeds": list(figures.values())}
                if len(figures) > 1:
                    found["over_seeds"] = over_seeds(found["seeds"])
                if options.json:
                    write_json(options.json, found)
    if "over_seeds" in found:
        console.print(show_over_seeds(found["over_seeds"]))


if __name__ == "__main__":
    run(main)
