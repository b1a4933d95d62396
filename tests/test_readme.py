"""Every command of the README has a test or a CI step; a new one needs a place here too.

Profiles and overrides run up to resolve, which decides what trains.
"""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student_t

RUN_BY = {
    "make repro": "Makefile",  # the same set-up as make test, then dvc repro: make verify runs it in a fresh clone
    "make test": ".ci/run",
    "make verify": ".ci/run",
    "dvc exp run -S profile=sample": "tests/test_pipeline.py",
    "dvc exp run -S profile=paper": "tests/test_pipeline.py",
    "dvc exp run -S optimizer=sgd": "tests/test_pipeline.py",
    "dvc exp run -S 'rows.table2-ResNet50.optimizer=adam'": "tests/test_pipeline.py",
    "dvc exp run -S epochs=2": "tests/test_pipeline.py",
    "dvc exp run -S batch_size=64": "tests/test_pipeline.py",
    "dvc metrics diff": "tests/test_pipeline.py",
    "dvc params diff": "tests/test_pipeline.py",
    "dvc exp show": "tests/test_pipeline.py",
    "dvc exp run --queue -S optimizer=adam,sgd": "tests/test_pipeline.py",
    "dvc queue start": "tests/test_pipeline.py",
    "dvc plots show": "tests/test_pipeline.py",
    "dvc repro beyond/dvc.yaml": "tests/test_beyond.py",
    "dvc exp run -S profile=sample beyond/dvc.yaml": "tests/test_pipeline.py",
    "dvc dag": "tests/test_pipeline.py",
    "dvc exp run -S profile=full beyond/dvc.yaml:evaluate@compact-0": "tests/test_beyond.py",
    "python -m pipeline.plan grid/dvc.yaml": "tests/test_plan.py",
    "dvc exp run -S profile=tiny grid/dvc.yaml": "tests/test_grid.py",
    "dvc repro --glob 'grid/dvc.yaml:train@unbalanced-GoogLeNet-adam-*'": "tests/test_grid.py",
    "python -m pipeline.cluster grid/dvc.yaml --address local": "tests/test_cluster.py",
    "make evaluate-compact ARCHIVE=/path/to/fer2013.zip": ".ci/run",
}


def commands():
    """Return the commands in the README's sh blocks, comments and exports left out."""
    blocks = re.findall(r"```sh\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.S)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("export ")]


def words(command):
    """Return what a test that runs the command holds: its words, the override's row and value left free."""
    text = command.replace("'", "").replace("table2-ResNet50", "table2-GoogLeNet").replace("/path/to/fer2013.zip", "")
    return [word for word in text.split() if word not in ("make",)]


@pytest.mark.parametrize("command", commands())
def test_readme__command_is_run_somewhere(command):
    place = Path(RUN_BY[command]).read_text(encoding="utf-8")
    assert all(word in place for word in words(command)), command


def test_readme__paths_exist_or_are_outputs():
    text = Path("README.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:pipeline|tests|requirements|data|models|reports|params|dvc)[\w./<>-]*)`", text):
        known = Path(path).exists() or path.startswith(("data/", "models/", "reports/"))
        assert known, path


def test_readme__results_are_the_committed_ones():
    # HEAD's, for `make repro` on another machine may have written other last digits.
    sources = ("reports/metrics.json", "results/sample.json")
    demo, sample = (json.loads(subprocess.run(["git", "show", f"HEAD:{path}"], capture_output=True, check=True).stdout) for path in sources)
    text = Path("README.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.match(r"\| [234], ", line)]
    names = list(demo["rows"])
    assert len(lines) == len(names)
    for line, name in zip(lines, names, strict=True):
        for rows in (demo["rows"], sample["metrics"]["rows"]):
            row = {key: f"{100 * value:.2f}" for key, value in rows[name].items()}
            assert f"| {row['accuracy']} ({row['accuracy_low']} to {row['accuracy_high']}) |" in line
    unbalanced, balanced = (demo["rows"][f"table{number}-GoogLeNet"] for number in (2, 3))
    assert f"tested on {unbalanced['test_faces']:,} (unbalanced) and {balanced['test_faces']:,} (balanced) drawings" in text
    assert f"commonest emotion scores {100 * unbalanced['chance']:.2f} and {100 * balanced['chance']:.2f}." in text


@pytest.mark.parametrize(
    ("file", "heading"), [("throughput", "## Two cores with AVX-512"), ("throughput-avx2", "## As on a CPU without AVX-512")]
)
def test_speed_page__numbers_are_the_measured_ones(file, heading):
    results = json.loads(Path(f"results/{file}.json").read_text(encoding="utf-8"))
    text = Path("docs/speed.md").read_text(encoding="utf-8").split(heading)[1].split("\n## ")[0]
    means = results["geometric_means"]
    assert f"| **{means['first_step_seconds']:.2f}** | **{results['geometric_mean_ratio']:.2f}** |" in text
    for network, row in results["networks"].items():
        base, ours, ratios = row["baseline"], row["ours"], row["ratios"]
        key = "train_per_second"
        assert f"{base[key]:.1f} → {ours[key]:.1f} ({ratios[key]:.2f})" in text.split(f"| {network} |")[1].splitlines()[0]


def percent(run, *columns):
    return [f"{100 * run[column]:.2f}" for column in columns]


def test_beyond_page__every_run_stands_there_and_the_readme_quotes_them():
    runs = pd.read_csv("results/runs.csv")
    text, readme = (Path(path).read_text(encoding="utf-8") for path in ("docs/beyond.md", "README.md"))
    scores = []
    for run in runs.to_dict("records"):
        accuracy, low, high, *parts = percent(
            run, *(f"accuracy{part}" for part in ("", "_low", "_high", "_public", "_private", "_without_twins"))
        )
        scores.append(f"{accuracy} ({low} to {high})")
        about = f"| {run['row']} | {run['epochs']} | {run['minutes']:.1f} | {scores[-1]} | {' | '.join(parts)} |"
        assert about in text, about
    together = json.loads(Path("results/ensemble.json").read_text(encoding="utf-8"))
    low, high = together["interval"]["accuracy"]
    parts = [f"{100 * together['parts'][name]['accuracy']:.2f}" for name in ("PublicTest", "PrivateTest", "without_twins")]
    said = "{:.2f} % ({:.2f} to {:.2f}), PublicTest {}, PrivateTest {}, without twins {}.".format(
        *(100 * value for value in (together["accuracy"], low, high)), *parts
    )
    assert said in " ".join(text.split()), said
    seeds = 100 * runs.accuracy[runs.row.isin(together["members"]) & (runs.epochs == 60)]
    half = student_t.isf(0.025, len(seeds) - 1) * seeds.std() / np.sqrt(len(seeds))
    scores.append(f"{seeds.mean():.2f} ({seeds.mean() - half:.2f} to {seeds.mean() + half:.2f})")
    assert f"is {seeds.mean():.2f} % (standard deviation {seeds.std():.2f}, n = {len(seeds)}" in text
    quoted = [line for line in readme.splitlines() if re.match(r"\| (\**Compact|\w+ by the same recipe)", line)]
    assert len(quoted) >= 5 and all(any(score in line for score in scores) for line in quoted), quoted


def test_beyond_page__leak_is_the_measured_one():
    (line,) = pd.read_csv("results/leak.csv", dtype=str).to_dict("records")
    text = " ".join(Path("docs/beyond.md").read_text(encoding="utf-8").split())
    others = str(int(line["Test faces"]) - int(line["Test faces seen in training"]))
    for n, part in ((line["Test faces"], ""), (line["Test faces seen in training"], " on those"), (others, " on the others")):
        assert f"| {n} | {line[f'Honest accuracy{part}']} | {line[f'Leaked accuracy{part}']} |" in text
    p = line["McNemar's p"]
    assert f"differ by {line['Difference'].lstrip('+')} points (McNemar's p {p})" in text
    gain = float(line["Leaked accuracy on the others"].split()[0]) - float(line["Honest accuracy on the others"].split()[0])
    more = int(line["Leaked training faces"]) - int(line["Honest training faces"])
    assert f"leaky row had not seen {gain:.1f} points are left, which the {more} more training faces" in text


@pytest.mark.parametrize(
    ("file", "heading"),
    [("ablation", "### On two threads of an Intel Xeon with AMX"), ("ablation-avx512", "### On two threads of an AMD EPYC with AVX-512")],
)
def test_beyond_page__ablation_is_the_measured_one(file, heading):
    figures = json.loads(Path(f"results/{file}.json").read_text(encoding="utf-8"))
    text = Path("docs/beyond.md").read_text(encoding="utf-8").split(heading)[1].split("\n##")[0]
    for name, line in figures["variants"].items():
        low, high = line["interval"]
        accuracy = f"{100 * line['accuracy']:.2f} ({100 * low:.2f} to {100 * high:.2f})"
        assert f"| {name} | {accuracy} | {100 * line['difference']:+.2f} | {line['adjusted_p']:.3f} |" in text, name


def test_cluster_page__numbers_are_the_measured_ones():
    figures = json.loads(Path("results/cluster.json").read_text(encoding="utf-8"))
    text = Path("docs/cluster.md").read_text(encoding="utf-8")
    for workers, seconds in figures["seconds"].items():
        ideal = figures["cells"] * figures["cell_seconds"] / int(workers)
        assert f"| {workers} | {seconds:.1f} | {100 * ideal / seconds:.0f} |" in text
    assert f"is {figures['overhead_seconds']:.4f} s a cell" in text and figures["overhead_seconds"] < 0.5
