"""The paper's seven networks on real faces: the table of docs/results.md and the README's figure, from results/runs.csv.

python -m benchmarks.seven_networks [--figure docs/img/minutes]

Prints the table as Markdown, and the README's short one; with --figure writes accuracy against minutes of training as that name with .png.
"""

import argparse
from pathlib import Path

import pandas as pd

from pipeline.common.errors import run
from pipeline.record import RUNS
from pipeline.reporting.paper import read_paper

# PrivateTest, ImageNet weights, test-time augmentation: the benchmark beside github.com/phamquiluan/ResidualMaskingNetwork.
ELSEWHERE = {"ResNet101": 73.47, "ResNet50": 72.86, "InceptionV3": 72.72, "GoogLeNet": 71.97}
COLUMNS = {
    "Network": "", "The paper": "ImageNet, 700 epochs", "By the recipe `modern`": "random weights", "PrivateTest": "the same runs",
    "Epochs, minutes": "", "As the paper trains": "random weights", "Elsewhere": "ImageNet, PrivateTest",
}  # fmt: skip
MISSING = "not run"


def read_runs():
    """Return results/runs.csv of the rows on all official training faces."""
    runs = pd.read_csv(RUNS)
    return runs[runs.split == "unbalanced"]


def printed():
    """Return {network, in our spelling: accuracy in percent} of the paper's Table 2."""
    rows = read_paper()["tables"]["table2"]["rows"]
    return {row["row"].removeprefix("table2-"): row["accuracy"] for row in rows}


def of_network(runs, name):
    """Return (runs by `modern`, runs as the paper trains) of a network, each the longest that were made, one a seed."""
    found = []
    for row in (f"modern-{name}", rf"table2-{name}"):
        own = runs[runs.row == row]
        found.append(own[own.epochs == own.epochs.max()].drop_duplicates("seed", keep="last"))
    return found


def score(runs):
    """Return a cell: accuracy in percent with its interval over test faces, or the mean of several seeds with their range."""
    if not len(runs):
        return MISSING
    if len(runs) == 1:
        one = 100 * runs.iloc[0][["accuracy", "accuracy_low", "accuracy_high"]]
        return "{:.2f} ({:.2f} to {:.2f})".format(*one)
    each = 100 * runs.accuracy
    return f"{each.mean():.2f}, {len(each)} seeds ({each.min():.2f} to {each.max():.2f})"


def lines(runs, paper):
    """Return the table's rows as lists of cells; paper: what printed() gives."""
    rows = []
    for name, accuracy in paper.items():
        modern, plain = of_network(runs, name)
        private = f"{100 * modern.accuracy_private.mean():.2f}" if len(modern) else ""
        cost = f"{modern.epochs.iloc[0]}, {modern.minutes.mean():.0f}" if len(modern) else ""
        trained = score(plain) + (f", {plain.epochs.iloc[0]} epochs" if len(plain) else "")
        rows.append([name, f"{accuracy:.2f}", score(modern), private, cost, trained, f"{ELSEWHERE[name]:.2f}" if name in ELSEWHERE else ""])
    return rows


def markdown(rows):
    """Return the table, without a column in which nothing was run."""
    head = [f"{name}{f' ({note})' if note else ''}" for name, note in COLUMNS.items()]
    columns = [column for column in zip(head, *rows, strict=True) if set(column[1:]) != {MISSING}]
    head, *rows = zip(*columns, strict=True)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def short_score(runs):
    """Return a cell of the README's table: as score(), but of one run the wider half of its interval."""
    if len(runs) != 1:
        return score(runs)
    one = 100 * runs.iloc[0]
    return f"{one.accuracy:.2f} ± {max(one.accuracy - one.accuracy_low, one.accuracy_high - one.accuracy):.1f}"


def short(runs, paper):
    """Return the README's table: the networks that were trained by `modern`, the best first, as columns."""
    found = {name: of_network(runs, name) for name in paper}
    best = sorted((name for name in paper if len(found[name][0])), key=lambda name: -found[name][0].accuracy.mean())
    rows = [
        ["", *best],
        ["---"] * (len(best) + 1),
        ["By `modern`", *(short_score(found[name][0]) for name in best)],
        ["As the paper trains", *(short_score(found[name][1]) for name in best)],
        ["The paper", *(f"{paper[name]:.2f}" for name in best)],
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def figure(runs, paper):
    """Return a Figure: each run's accuracy on the official test faces against its minutes of training, and the paper's best as a line."""
    from pipeline.reporting import figures

    figures.style()
    drawn, axes = figures.plt.subplots(figsize=(8.4, 4.0), layout="constrained")
    best = max(paper.values())
    axes.axhline(best, color="gray", linewidth=1, linestyle="--")
    axes.annotate(f"the paper's best, 700 epochs: {best:.2f}", (1, best), xycoords=("axes fraction", "data"), xytext=(-4, -11),
                  textcoords="offset points", ha="right", fontsize="x-small", color="dimgray")  # fmt: skip
    shown = [("Compact, CompactWide (ours)", "Compact", runs[runs.row.str.fullmatch(r"(compact|wide|quick)-\d")])]
    shown += [(name, name, runs[runs.row == f"modern-{name}"]) for name in paper]
    for position, (label, name, own) in enumerate(shown):
        if len(own):
            error = 100 * pd.concat([own.accuracy - own.accuracy_low, own.accuracy_high - own.accuracy], axis=1).to_numpy().T
            axes.errorbar(own.minutes, 100 * own.accuracy, error, fmt=figures.MARKERS[position % len(figures.MARKERS)], capsize=2,
                          color="black" if name == "Compact" else figures.colour(name, position), label=label)  # fmt: skip
    axes.set(xscale="log", xlabel="Minutes of training on two CPU threads", ylabel="Accuracy, 7,178 test faces, %")
    ticks = (5, 10, 20, 50, 100, 200)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    if axes.containers:
        drawn.legend(fontsize="x-small", loc="outside right center")
    return drawn


def main():
    """Print the table and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", type=Path, help="its name without .png")
    options = parser.parse_args()
    runs, paper = read_runs(), printed()
    print(markdown(lines(runs, paper)), short(runs, paper), sep="\n\n")
    if options.figure:
        from pipeline.reporting.figures import plt

        drawn = figure(runs, paper)
        drawn.savefig(options.figure.with_suffix(".png"), dpi=110, metadata={"Software": None})
        plt.close(drawn)


if __name__ == "__main__":
    run(main)
