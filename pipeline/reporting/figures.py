"""The report's figures from tables of scores; every function returns a matplotlib Figure."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

SCORES = {"accuracy": "Accuracy", "precision": "Precision (macro)", "recall": "Recall (macro)", "f1": "F1-score (macro)"}
NETWORKS = ("InceptionResNetV2", "InceptionV3", "MobileNetV2", "ResNet50", "ResNet101", "Xception", "GoogLeNet")
COLOURS = dict(zip(NETWORKS, sns.color_palette("colorblind", len(NETWORKS)), strict=True))
SCORE_COLOURS = sns.color_palette("colorblind", len(SCORES))
STYLES = ("-", "--", "-.", ":")
MARKERS = "osv^D*X"


def style():
    """Set the look of all figures; the fixed salt makes SVG files repeat to the byte."""
    sns.set_theme(context="notebook", style="whitegrid")
    plt.rcParams.update({"svg.hashsalt": "fer2013", "savefig.bbox": "tight", "axes.titlesize": "medium"})


def colour(model, position):
    """Return a network's colour, the same in every figure; a network that is not the paper's takes one by position."""
    return COLOURS.get(model, sns.color_palette("husl", 12)[position % 12])


def bars(lines, title):
    """Figures 3, 5 and 7: four scores a line, with intervals. lines: [(name, {score: (value, low, high)})], shares of 1;
    low and high may be None."""
    figure, axes = plt.subplots(figsize=(max(6.0, 1.6 * len(lines) + 1), 4.2))
    width = 0.8 / len(SCORES)
    for index, (score, label) in enumerate(SCORES.items()):
        x = np.arange(len(lines)) + (index - (len(SCORES) - 1) / 2) * width
        values = np.array([100 * scores[score][0] for _, scores in lines])
        axes.bar(x, values, width, color=SCORE_COLOURS[index], label=label)
        known = [i for i, (_, scores) in enumerate(lines) if scores[score][1] is not None]
        if known:
            low, high = (np.array([100 * lines[i][1][score][k] for i in known]) for k in (1, 2))
            error = np.maximum([values[known] - low, high - values[known]], 0)
            axes.errorbar(x[known], values[known], error, fmt="none", ecolor="black", elinewidth=1, capsize=2)
    axes.set_xticks(np.arange(len(lines)), [name for name, _ in lines], rotation=20, ha="right")
    axes.set(ylabel="Percent", ylim=(0, 115), yticks=range(0, 101, 20), title=title)  # room for the legend
    axes.legend(ncols=len(SCORES), fontsize="x-small", loc="upper center")
    return figure


def roc(curves, title):
    """Figures 4 and 6: macro-averaged one-vs-rest ROC. curves: [(network, false rates, true rates, macro AUC)]."""
    figure, axes = plt.subplots(figsize=(5.6, 5.2))
    for position, (model, false, true, area) in enumerate(curves):
        axes.plot(false, true, STYLES[position % len(STYLES)], color=colour(model, position), label=f"{model} (AUC {area:.3f})")
    axes.plot([0, 1], [0, 1], color="gray", linewidth=0.8, label="chance (AUC 0.500)")
    axes.set(xlabel="False positive rate", ylabel="True positive rate", title=title, xlim=(0, 1), ylim=(0, 1))
    axes.set_aspect("equal")
    axes.legend(fontsize="x-small", loc="lower right")
    return figure


def confusion(matrix, emotions, title):
    """Figure 8: counts and percent of all test faces. matrix: (k, k) int, row = true."""
    figure, axes = plt.subplots(figsize=(0.9 * len(emotions) + 1.5, 0.8 * len(emotions) + 1.2))
    percent = 100 * matrix / matrix.sum()
    text = np.array([[f"{n}\n{p:.2f}%" for n, p in zip(*pair, strict=True)] for pair in zip(matrix, percent, strict=True)])
    sns.heatmap(
        matrix,
        annot=text,
        fmt="",
        cmap="cividis",
        cbar=False,
        square=False,
        ax=axes,
        annot_kws={"fontsize": "x-small"},
        xticklabels=emotions,
        yticklabels=emotions,
    )
    axes.set(xlabel="Output", ylabel="Target", title=title)
    axes.tick_params(axis="y", rotation=0)
    return figure


def faces(pictures, captions, title, columns=7):
    """Figure 1 and others: gray faces in a grid. pictures: (n, h, w) uint8; captions: n strings."""
    lines = -(-len(pictures) // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(1.35 * columns, 1.6 * lines + 0.6), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, caption in zip(axes.flat, pictures, captions, strict=False):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axis.set_title(caption, fontsize="xx-small")
    figure.suptitle(title, fontsize="medium")
    return figure


def structure(layers, edges, title):
    """Figure 2: the stages as boxes, left to right. layers: lists of names; edges: pairs of names."""
    figure, axes = plt.subplots(figsize=(2.1 * len(layers), 1.1 * max(map(len, layers)) + 1))
    place = {name: (2.1 * x, -1.1 * (y - (len(names) - 1) / 2)) for x, names in enumerate(layers) for y, name in enumerate(names)}
    for one, other in edges:
        arrow = {"arrowstyle": "->", "color": "0.4", "shrinkA": 26, "shrinkB": 30, "connectionstyle": "arc3,rad=0.12"}
        axes.annotate("", place[other], place[one], arrowprops=arrow)
    for name, (x, y) in place.items():
        axes.text(x, y, name, ha="center", va="center", bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "0.2"})
    axes.set(xlim=(-1, 2.1 * len(layers) - 1), ylim=(-0.6 * max(map(len, layers)), 0.6 * max(map(len, layers))), title=title)
    axes.axis("off")
    return figure


def curves(histories, title):
    """Learning curves: accuracy by epoch, training filled, validation hollow. histories: [(row, network, table of train's history)]."""
    figure, axes = plt.subplots(figsize=(7.2, 4.6))
    for position, (row, model, history) in enumerate(histories):
        style = {"color": colour(model, position), "marker": MARKERS[position % len(MARKERS)], "markersize": 5}
        axes.plot(history.epoch, 100 * history.accuracy, STYLES[0], label=row, **style)
        if "val_accuracy" in history:
            axes.plot(history.epoch, 100 * history.val_accuracy, STYLES[1], markerfacecolor="white", **style)
    axes.set(xlabel="Epoch", ylabel="Accuracy, percent", title=title)
    axes.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    axes.legend(fontsize="xx-small", ncols=2)
    return figure


def reliability(lines, title):
    """Reliability diagram: accuracy by confidence. lines: [(row, network, confidences, accuracies, calibration error)]."""
    figure, axes = plt.subplots(figsize=(5.6, 5.2))
    axes.plot([0, 1], [0, 1], color="gray", linewidth=0.8, label="calibrated")
    for position, (row, model, sure, accurate, error) in enumerate(lines):
        style = {"color": colour(model, position), "marker": MARKERS[position % len(MARKERS)], "markersize": 4}
        axes.plot(sure, accurate, STYLES[position % len(STYLES)], label=f"{row} (ECE {100 * error:.1f} %)", **style)
    axes.set(xlabel="Confidence in the answer", ylabel="Share of right answers", title=title, xlim=(0, 1), ylim=(0, 1))
    axes.set_aspect("equal")
    axes.legend(fontsize="xx-small", loc="upper left")
    return figure


def save(figure, folder, name, dpi):
    """Write a figure as PNG and SVG without dates, and close it."""
    figure.savefig(folder / f"{name}.png", dpi=dpi, metadata={"Software": None})
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)
