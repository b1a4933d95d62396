"""Writes a line of results/runs.csv for a row that was trained and evaluated here: what it scored, what it cost, how to repeat it.

python -m pipeline.record --section beyond --row compact-0
"""

import argparse
import json
import shlex
import subprocess
from pathlib import Path

import pandas as pd
import yaml

from pipeline import params as parameters
from pipeline.errors import InputError, run
from pipeline.files import read_json, write_csv
from pipeline.resolve import resolve
from pipeline.results.reproduction import fingerprint
from pipeline.results.rows import read_rows
from pipeline.workspace import RAW, add_section

RUNS = Path("results/runs.csv")
KEY = ["row", "recipe", "seed", "split", "epochs", "commit", "command"]  # what tells two runs apart
PACKAGES = ("tensorflow", "keras", "numpy")


def line(row, metrics, timings, recipe, machine, commit, command):
    """Return one run as {column: value}: shares of 1, minutes of training.

    metrics: evaluate's of the row; timings: train's; machine: reproduction.fingerprint().
    """
    settings, parts = metrics["settings"], metrics["parts"]
    low, high = metrics["interval"]["accuracy"]
    share = {name: parts[name]["accuracy"] if name in parts else None for name in ("PublicTest", "PrivateTest", "without_twins")}
    # A training that was killed and went on knows the seconds of all its epochs, and the whole time of its last part only.
    seconds = max(timings["total_seconds"], sum(timings["epoch_seconds"]))
    device = timings["device"] if timings["device"] != "cpu" else f"{machine['processor']}, {machine['threads']} threads"
    return {
        "row": row, "recipe": recipe, "seed": settings["seed"], "split": settings["data"], "n": metrics["faces"]["test"],
        "accuracy": metrics["accuracy"], "accuracy_low": low, "accuracy_high": high, "accuracy_public": share["PublicTest"],
        "accuracy_private": share["PrivateTest"], "accuracy_without_twins": share["without_twins"], "minutes": round(seconds / 60, 2),
        "epochs": settings["epochs"], "parameters": metrics["parameters"], "hardware": device,
        "versions": " ".join(f"{name} {machine[name]}" for name in PACKAGES if name in machine), "commit": commit, "command": command,
    }  # fmt: skip


def add(runs, new):
    """Return the table of runs with one more line; the same run again replaces its line. runs: a table, or None."""
    new = pd.DataFrame([new])
    if runs is None:
        return new
    if list(runs.columns) != list(new.columns):
        raise InputError(f"{RUNS}: expected columns {', '.join(new.columns)}, received {', '.join(runs.columns)}")
    same = (runs[KEY].astype(str) == new[KEY].astype(str).iloc[0]).all(axis=1)
    return pd.concat([runs[~same], new], ignore_index=True)


def overrides(committed, current, prefix=""):
    """Return what of the params was overridden, as arguments of `dvc exp run`; committed, current: params.yaml as dicts."""
    found = []
    for key in [*committed, *sorted(set(current) - set(committed))]:
        name = f"{prefix}{key}"
        if key not in current:
            found.append(f"-S {shlex.quote(f'~{name}')}")
        elif isinstance(committed.get(key), dict) and isinstance(current[key], dict):
            found += overrides(committed[key], current[key], f"{name}.")
        elif key not in committed or committed[key] != current[key]:
            value = current[key] if isinstance(current[key], str) else json.dumps(current[key])
            found.append(f"-S {shlex.quote(f'{name}={value}' if key in committed else f'+{name}={value}')}")
    return found


def output_of(*command):
    """Return what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def check_made_by(target, settings, resolved, timings):
    """Raise InputError where the row's files are not what the committed code and today's params make.

    target: DVC's name of the row's evaluate; settings: those that the row was trained with; resolved: those of today's params.
    """
    changed = output_of("git", "status", "--porcelain", "--", "pipeline", "dvc.yaml", "beyond/dvc.yaml")
    if changed:
        raise InputError(f"expected the code of a commit, received changes in {changed.split()[1]}; commit them, run again, then record")
    again = f"run `dvc repro {target}`, then record"
    if settings != resolved:
        differ = [key for key in resolved if settings.get(key) != resolved[key]]
        raise InputError(f"expected the row as params.yaml says it now, received a run with other {', '.join(differ)}; {again}")
    if len(timings["epoch_seconds"]) != settings["epochs"]:
        epochs = f"{settings['epochs']} epochs, received those of {len(timings['epoch_seconds'])}"
        raise InputError(f"expected the timings of {epochs}: the row came from a cache; {again} --force")
    if subprocess.run(["dvc", "status", "--quiet", "--with-deps", target], check=False).returncode:
        raise InputError(f"expected {target} to be up to date, received changes since it ran; {again}")


def main():
    """Read the row's metrics and timings; write results/runs.csv."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", required=True, help="its name in params.yaml")
    add_section(parser)
    options = parser.parse_args()
    params, section, row = parameters.load(), options.section, options.row
    own = params.section(section.name)
    if row not in own:
        raise InputError(f"--row: expected one of {', '.join(own)}, received {row!r}")
    metrics = read_rows(section.rows, [row]).get(row)
    if metrics is None:
        raise InputError(f"expected {section.rows / row}/metrics.json, found none; run `dvc repro` for evaluate@{row}")
    if read_json(RAW / "source.json")["source"] == "synthetic":
        raise InputError("expected a run on real faces, received one on drawn faces; results/ holds no scores of drawings")
    target = f"evaluate@{row}" if section.name == "rows" else f"{section.name}/dvc.yaml:evaluate@{row}"
    committed = yaml.safe_load(output_of("git", "show", "HEAD:params.yaml"))
    current = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    command = " ".join(["FER2013_ARCHIVE=/path/to/fer2013.zip dvc exp run", *overrides(committed, current), target])
    timings = read_json(section.models / "timings" / f"{row}.json")
    check_made_by(target, metrics["settings"], resolve(params, row, section.name).model_dump(), timings)
    new = line(row, metrics, timings, own[row].recipe, fingerprint(), output_of("git", "rev-parse", "--short", "HEAD"), command)
    write_csv(RUNS, add(pd.read_csv(RUNS, dtype=str, keep_default_na=False) if RUNS.exists() else None, new))
    print(f"{RUNS}: {row}, accuracy {100 * new['accuracy']:.2f} %, {new['minutes']} minutes")


if __name__ == "__main__":
    run(main)
