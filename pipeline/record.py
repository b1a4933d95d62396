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

from pipeline.common.errors import InputError, run
from pipeline.common.files import read_json, write_csv
from pipeline.common.workspace import RAW, add_section
from pipeline.config import params as parameters
from pipeline.config.params import OWN
from pipeline.config.settings import Settings
from pipeline.resolve import resolve
from pipeline.scoring.outputs import read_rows

RUNS = Path("results/runs.csv")
KEY = ["row", "recipe", "seed", "split", "epochs", "commit", "command"]  # what tells two runs apart
PACKAGES = ("tensorflow", "keras", "numpy")


def line(row, metrics, timings, recipe, commit, command):
    """Return one run as {column: value}: shares of 1, minutes of training.

    metrics: evaluate's of the row; timings: train's, with the machine that it ran on.
    """
    settings, parts, machine = metrics["settings"], metrics["parts"], timings["machine"]
    low, high = metrics["interval"]["accuracy"]
    share = {name: parts[name]["accuracy"] if name in parts else None for name in ("PublicTest", "PrivateTest", "without_duplicates")}
    # A training that was killed and went on knows the seconds of all its epochs, and the whole time of its last part only.
    seconds = max(timings["total_seconds"], sum(timings["epoch_seconds"]))
    device = timings["device"] if timings["device"] != "cpu" else f"{machine['processor']}, {machine['threads']} threads"
    return {
        "row": row, "recipe": recipe, "seed": settings["seed"], "split": settings["data"], "n": metrics["faces"]["test"],
        "accuracy": metrics["accuracy"], "accuracy_low": low, "accuracy_high": high, "accuracy_public": share["PublicTest"],
        "accuracy_private": share["PrivateTest"], "accuracy_without_duplicates": share["without_duplicates"],
        "minutes": round(seconds / 60, 2),
        "epochs": settings["epochs"], "precision": settings["precision"], "parameters": metrics["parameters"], "hardware": device,
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


def overrides(committed, current, file="", prefix=""):
    """Return what of some params was overridden, as arguments of `dvc exp run`; committed, current: dicts; file: "path:" of their file."""
    found = []
    for key in [*committed, *sorted(set(current) - set(committed))]:
        if isinstance(committed.get(key), dict) and isinstance(current.get(key), dict):
            found += overrides(committed[key], current[key], file, f"{prefix}{key}.")
        elif key not in current or key not in committed or committed[key] != current[key]:
            sign = "~" if key not in current else "" if key in committed else "+"
            value = current.get(key)
            said = "" if sign == "~" else f"={value if isinstance(value, str) else json.dumps(value)}"
            found.append(f"-S {shlex.quote(f'{file}{sign}{prefix}{key}{said}')}")
    return found


def all_overrides():
    """Return what of every file of params differs from HEAD's, as arguments of `dvc exp run`."""
    found = []
    for file in ("params.yaml", *OWN):
        committed = yaml.safe_load(output_of("git", "show", f"HEAD:{file}"))
        current = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        found += overrides(committed, current, "" if file == "params.yaml" else f"{file}:")
    return found


def output_of(*command):
    """Return what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def check_made_by(target, settings, resolved, timings):
    """Raise InputError where the row's files are not what the committed code and today's params make.

    target: DVC's name of the row's evaluate; settings: those that the row was trained with; resolved: those of today's params.
    """
    changed = output_of("git", "status", "--porcelain", "--", "pipeline", "dvc.yaml", "beyond/stages.yaml")
    if changed:
        raise InputError(f"expected the code of a commit, received changes in {changed.split()[1]}; commit them, run again, then record")
    file = Path(target.partition(":")[0])
    if ":" in target and file.read_bytes() != file.with_name("stages.yaml").read_bytes():
        raise InputError(f"expected {file} as its stages.yaml says, received another; `make {file.parent}`, run again, then record")
    again = f"run `dvc repro {target}`, then record"
    if settings != resolved:
        differ = [key for key in resolved if settings.get(key) != resolved[key]]
        raise InputError(f"expected the row as params.yaml says it now, received a run with other {', '.join(differ)}; {again}")
    if timings.get("settings_sha256") != Settings.model_validate(settings).digest():
        raise InputError(f"expected the timings of this training, received those of another: the row came from a cache; {again} --force")
    if subprocess.run(["dvc", "status", "--quiet", "--with-deps", target], check=False).returncode:
        raise InputError(f"expected {target} to be up to date, received changes since it ran; {again}")


def main():
    """Read the row's metrics and timings; write results/runs.csv."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", required=True, help="its name in params.yaml, or in beyond/params.yaml")
    add_section(parser, ("rows", "beyond"))
    options = parser.parse_args()
    params, section, row = parameters.load(), options.section, options.row
    own = params.section(section.name)
    if row not in own:
        raise InputError(f"--row: expected one of {', '.join(own)}, received {row!r}")
    metrics = read_rows(section.rows, [row], section.settings).get(row)
    if metrics is None:
        raise InputError(f"expected {section.rows / row}/metrics.json, found none; run `dvc repro` for evaluate@{row}")
    if read_json(RAW / "source.json")["source"] == "synthetic":
        raise InputError("expected a run on real faces, received one on synthetic faces; results/ holds scores on photographs alone")
    target = f"evaluate@{row}" if section.name == "rows" else f"{section.name}/dvc.yaml:evaluate@{row}"
    command = " ".join(["FER2013_ARCHIVE=/path/to/fer2013.zip dvc exp run", *all_overrides(), target])
    timings = read_json(section.models / "timings" / f"{row}.json")
    check_made_by(target, metrics["settings"], resolve(params, row, section.name).model_dump(), timings)
    new = line(row, metrics, timings, own[row].recipe, output_of("git", "rev-parse", "--short", "HEAD"), command)
    write_csv(RUNS, add(pd.read_csv(RUNS, dtype=str, keep_default_na=False) if RUNS.exists() else None, new))
    print(f"{RUNS}: {row}, accuracy {100 * new['accuracy']:.2f} %, {new['minutes']} minutes")


if __name__ == "__main__":
    run(main)
