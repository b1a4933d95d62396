"""The numbers in README and docs are those that were measured and committed."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student_t

from benchmarks import seven_networks
from pipeline import web


def test_results_page__table_of_the_seven_networks_is_made_of_the_runs():
    table = seven_networks.markdown(seven_networks.lines(seven_networks.read_runs(), seven_networks.printed()))
    assert f"\n\n{table}\n\n" in Path("docs/results.md").read_text(encoding="utf-8")
    short = seven_networks.short(seven_networks.read_runs(), seven_networks.printed())
    assert len(short.splitlines()) == 5 and f"\n\n{short}\n\n" in Path("README.md").read_text(encoding="utf-8")


def test_results_page__demo_is_the_committed_one():
    # HEAD's, for `make repro` on another machine may have written other last digits.
    done = subprocess.run(["git", "show", "HEAD:reports/metrics.json"], capture_output=True, check=True)
    unbalanced, balanced = (json.loads(done.stdout)["rows"][f"table{number}-GoogLeNet"] for number in (2, 3))
    text = " ".join(Path("docs/results.md").read_text(encoding="utf-8").split())
    assert f"They are of {unbalanced['test_faces']:,} (unbalanced) and {balanced['test_faces']:,} (balanced) synthetic test faces" in text
    assert f"makes {100 * unbalanced['chance']:.2f} and {100 * balanced['chance']:.2f} %" in text


def interval(figures):
    return "{:.2f} ({:.2f} to {:.2f})".format(*(100 * value for value in (figures["accuracy"], *figures["interval"])))


def test_predict_page__numbers_are_the_measured_ones():
    text = Path("docs/predict.md").read_text(encoding="utf-8")
    measured, beside = (json.loads(Path(f"results/{name}.json").read_text(encoding="utf-8")) for name in ("detection", "beside-fer"))
    for one in measured["detectors"].values():
        low, middle, high = one["side"]
        assert f"| {one['found']} | {one['false']} | {one['cpu_milliseconds']:.0f} | {middle:.3f} ({low:.3f} to {high:.3f}) |" in text
    for one in measured["by_margin"]["margins"].values():
        assert f"| {one['right']:,} | {interval(one)} |" in text
    assert f"{measured['by_margin']['found']:,} of {measured['by_margin']['faces']:,} official test faces" in text
    for one in beside["kinds"].values():
        times = [f"{one[f'{name}_milliseconds']:.1f} ({one[f'{name}_least_milliseconds']:.1f})" for name in ("one", "batch")]
        assert f"| {interval(one)} | {' | '.join(times)} | {one['model_bytes'] / 1e6:.2f} | {one['start_seconds']:.1f} |" in text


def test_predict_page__onnx_file_is_the_kept_one():
    folder = Path("results/weights/compact-0")
    score = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    onnx, faces = score["onnx"], f"{score['test_faces']:,}"
    right, all_views = f"{onnx['right']:,}", f"{onnx['right_with_test_time_augmentation']:,}"
    accuracy = f"{100 * onnx['accuracy']:.2f}"
    page, card = (" ".join(Path(f"docs/{name}.md").read_text(encoding="utf-8").split()) for name in ("predict", "model-card"))
    assert f"{right} of the {faces} official test faces, {accuracy} %" in page
    assert f"; {all_views}, {100 * score['accuracy']:.2f} %, with" in page
    assert f"{(folder / 'model.onnx').stat().st_size:,} bytes" in page
    assert f"one view of a face | {faces} | {right} | {accuracy} (" in card and f"the ten variants | {faces} | {all_views} |" in card


def test_beyond_page__kept_weights_of_compact_wide_score_so():
    score = json.loads(Path("results/weights/wide-0/score.json").read_text(encoding="utf-8"))
    onnx, text = score["onnx"], " ".join(Path("docs/beyond.md").read_text(encoding="utf-8").split())
    assert f"{score['right']:,} of the {score['test_faces']:,} test faces rightly, {100 * score['accuracy']:.2f} %" in text
    assert f"has {onnx['right']:,} ({100 * onnx['accuracy']:.2f} %) with one view a face" in text
    assert f"and {onnx['right_with_test_time_augmentation']:,} with the ten variants" in text


def test_model_card__scores_by_emotion_are_the_kept_ones():
    score = json.loads(Path("results/weights/compact-0/score.json").read_text(encoding="utf-8"))
    card = Path("docs/model-card.md").read_text(encoding="utf-8")
    confusion = np.array([[*answers.values()] for answers in score["confusion"].values()])
    assert confusion.shape == (7, 7) and confusion.sum() == score["test_faces"] and confusion.trace() == score["right"]
    sums = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    for name, right, count, answers in zip(score["confusion"], *sums, strict=True):
        recall = binomtest(int(right), int(count)).proportion_ci(method="wilson")
        low, high = (f"{100 * bound:.2f}" for bound in recall)
        assert f"| {name} | {count:,} | {right:,} | {100 * right / count:.2f} ({low} to {high}) | {100 * right / answers:.2f} |" in card


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
            run, *(f"accuracy{part}" for part in ("", "_low", "_high", "_public", "_private", "_without_duplicates"))
        )
        scores.append(f"{accuracy} ({low} to {high})")
        about = re.escape(f" | {run['epochs']} | {run['minutes']:.1f} | {scores[-1]} | {' | '.join(parts)} |")
        assert re.search(rf"\| {run['row']}(, [^|]+)?{about}", text), about  # "row, seed 1" where a row has no seed of its own
    groups = [("compact", 60, "Intel"), ("wide", 100, "Intel"), ("quick", 14, "AMD"), ("quick", 16, "AMD"), ("quick", 16, "Intel")]
    for row, epochs, vendor in groups:  # the seeds of each in one place
        chosen = runs.row.str.fullmatch(rf"{row}-\d") & (runs.epochs == epochs) & runs.hardware.str.startswith(vendor)
        seeds = 100 * runs.accuracy[chosen]
        half = student_t.isf(0.025, len(seeds) - 1) * seeds.std() / np.sqrt(len(seeds))
        scores.append(f"{seeds.mean():.2f} ({seeds.mean() - half:.2f} to {seeds.mean() + half:.2f})")
        assert f"is {seeds.mean():.2f} % (standard deviation {seeds.std():.2f}, n = {len(seeds)}" in text
    quoted = [line for line in readme.splitlines() if re.match(r"\| \**Compact", line)]
    assert len(quoted) >= 3 and all(any(score in line for score in scores) for line in quoted), quoted


@pytest.mark.parametrize("file", sorted(Path("results/ensembles").glob("*.json")), ids=lambda file: file.stem)
def test_beyond_page__ensemble_is_the_measured_one(file):
    together = json.loads(file.read_text(encoding="utf-8"))
    low, high = together["interval"]["accuracy"]
    parts = [f"{100 * together['parts'][name]['accuracy']:.2f}" for name in ("PublicTest", "PrivateTest", "without_duplicates")]
    said = "{:.2f} % ({:.2f} to {:.2f}), PublicTest {}, PrivateTest {}, without duplicates {}".format(
        *(100 * value for value in (together["accuracy"], low, high)), *parts
    )
    assert said in " ".join(Path("docs/beyond.md").read_text(encoding="utf-8").split()), said


def test_beyond_page__changes_of_quick_are_the_measured_ones():
    from benchmarks import ablation

    lines = pd.read_csv("results/quick-levers.csv").to_dict("records")
    text = Path("docs/beyond.md").read_text(encoding="utf-8").split("#### Twelve changes")[1].split("\n#")[0]
    assert {line["validation_faces"] for line in lines} == {5732} and len(lines) == 1 + 12
    for line in lines:
        difference = f"{line['accuracy'] - lines[0]['accuracy']:+.2f}"
        assert f"| {line['variant']} | {line['epochs']} | {line['accuracy']:.2f} | {difference} |" in text
        assert line["variant"] in ablation.VARIANTS


def test_beyond_page__leak_is_the_measured_one():
    lines = pd.read_csv("results/leak.csv", dtype=str).to_dict("records")
    assert [line["Network"] for line in lines] == ["Compact", "GoogLeNet", "MobileNetV2"]
    text = " ".join(Path("docs/beyond.md").read_text(encoding="utf-8").split())
    for line in lines:
        check_leak(line, text)


def check_leak(line, text):
    others = str(int(line["Test faces"]) - int(line["Test faces seen in training"]))
    for n, part in ((line["Test faces"], ""), (line["Test faces seen in training"], " on those"), (others, " on the others")):
        assert f"| {n} | {line[f'Honest accuracy{part}']} | {line[f'Leaked accuracy{part}']} |" in text
    p = line["McNemar's p"]
    assert f"{line['Network']}'s two differ by {line['Difference'].lstrip('+')} points (McNemar's p {p})" in text
    gain = float(line["Leaked accuracy on the others"].split()[0]) - float(line["Honest accuracy on the others"].split()[0])
    more = int(line["Leaked training faces"]) - int(line["Honest training faces"])
    assert f"its leaky row had not seen {gain:.1f} points are left, which the {more} more training faces" in text


@pytest.mark.parametrize(
    ("file", "heading"),
    [
        ("ablation", "### On two threads of an Intel Xeon with AMX"),
        ("ablation-avx512", "### On two threads of an AMD EPYC with AVX-512"),
        ("modern-levers", "### Four changes of `modern`"),
    ],
)
def test_beyond_page__ablation_is_the_measured_one(file, heading):
    figures = json.loads(Path(f"results/{file}.json").read_text(encoding="utf-8"))
    text = Path("docs/beyond.md").read_text(encoding="utf-8").split(heading)[1].split("\n##")[0]
    figures = figures.get("seeds", [figures])[0]
    for name, line in figures["variants"].items():
        low, high = line["interval"]
        accuracy = f"{100 * line['accuracy']:.2f} ({100 * low:.2f} to {100 * high:.2f})"
        assert f"| {name} | {accuracy} | {100 * line['difference']:+.2f} | {line['adjusted_p']:.3f} |" in text, name


def test_beyond_page__ablation_over_seeds_is_the_measured_one():
    figures = json.loads(Path("results/ablation-seeds.json").read_text(encoding="utf-8"))
    text = Path("docs/beyond.md").read_text(encoding="utf-8").split("### Three seeds")[1].split("\n##")[0]
    assert [one["seed"] for one in figures["seeds"]] == [0, 1, 2]
    for name, line in figures["over_seeds"].items():
        low, high = line["interval"]
        difference = f"{100 * line['difference']:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
        assert f"| {name} | {100 * line['accuracy']:.2f} | {difference} | {line['seeds']} |" in text, name


def test_cluster_page__numbers_are_the_measured_ones():
    figures = json.loads(Path("results/cluster.json").read_text(encoding="utf-8"))
    text = Path("docs/cluster.md").read_text(encoding="utf-8")
    for workers, seconds in figures["seconds"].items():
        ideal = figures["cells"] * figures["cell_seconds"] / int(workers)
        assert f"| {workers} | {seconds:.1f} | {100 * ideal / seconds:.0f} |" in text
    assert f"is {figures['overhead_seconds']:.4f} s a cell" in text and figures["overhead_seconds"] < 0.5


def test_web_page__numbers_are_the_measured_ones():
    searches = json.loads(Path("results/web.json").read_text(encoding="utf-8"))["searches"]
    text = Path("docs/web.md").read_text(encoding="utf-8")
    for name, one in searches.items():
        right, base = (f"{100 * one[key] / one['found']:.1f}" for key in ("right", "right_as_they_are"))
        low, high = (f"{100 * share:.1f}" for share in one["interval"])
        times = f"{one['milliseconds_to_find']:.0f} | {one['milliseconds_to_answer']:.0f}"
        found = f"{one['found']} of {one['faces']:,} | {one['false']}"
        line = f"| as {name} is | {found} | {right} ({low} to {high}) | {base} | {times} |"
        assert line in text, line
    sizes = {file.name: file.stat().st_size for file in (web.NETWORK, *web.RUNTIME, web.DETECTOR) if file.is_file()}
    assert f"{sizes['model.onnx']:,}" in text
    if len(sizes) == 4:
        assert f"{sum(sizes[file.name] for file in web.RUNTIME):,}" in text and f"{sizes['centerface.onnx']:,}" in text
