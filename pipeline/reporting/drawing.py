"""Which rows, faces and scores each figure of the report shows."""

import numpy as np
import pandas as pd

from pipeline.reporting import figures
from pipeline.reporting.calibration import expected_calibration_error, reliability
from pipeline.scoring.outputs import answers

SHOWN = 28  # faces in a figure, at most
TABLES = (("table2", (3, 4), "imbalanced"), ("table3", (5, 6), "balanced"))


class Drawer:
    """Draws the report's figures into a folder and keeps a list of {"name", "title", "alt"} in order."""

    def __init__(self, folder, note, dpi):
        self.folder, self.note, self.dpi, self.drawn = folder, note, dpi, []
        figures.style()

    def keep(self, figure, name, title, alt):
        """Save a figure and list it."""
        figures.save(figure, self.folder, name, self.dpi)
        self.drawn.append({"name": name, "title": title, "alt": alt})

    def sample(self, labels, pixels, emotions):
        """Figure 1: the first faces of each emotion. labels: a table with face and emotion; pixels: (N, h, w) uint8."""
        rows = pd.concat([labels[labels.emotion == emotion].head(3) for emotion in emotions])
        rows = rows.sort_values("emotion", key=lambda column: column.map(emotions.index), kind="stable")
        order = [index for turn in range(3) for index in range(turn, len(rows), 3)]
        rows = rows.iloc[[index for index in order if index < len(rows)]]
        title = f"Figure 1. Faces by emotion\n{self.note}"
        figure = figures.faces(pixels[rows.face.to_numpy()], list(rows.emotion), title, len(emotions))
        self.keep(figure, "figure1", "Figure 1. Faces by emotion", f"Three faces of each of {', '.join(emotions)}")

    def structure(self, layers, edges):
        """Figure 2: the stages and what flows between them. layers: lists of names; edges: pairs of names."""
        alt = "; ".join(f"{one} to {other}" for one, other in edges)
        self.keep(figures.structure(layers, edges, "Figure 2. The pipeline's stages"), "figure2", "Figure 2. The pipeline's stages", alt)

    def table(self, names, rows, curves, numbers, what):
        """Figures 3 and 4, or 5 and 6: bars and ROC of the rows `names`; curves: {row: (false, true)}."""
        bar, curve = numbers
        lines = [(rows[row]["settings"]["model"], with_intervals(rows[row])) for row in names]
        n = " and ".join(sorted({str(rows[row]["faces"]["test"]) for row in names}))
        title = f"Figure {bar}. Comparison of models, {what} data"
        said = "; ".join(f"{model} {100 * scores['accuracy'][0]:.1f} %" for model, scores in lines)
        self.keep(figures.bars(lines, f"{title}, n = {n} test faces\n{self.note}"), f"figure{bar}", title, f"Accuracies: {said}")
        areas = [(rows[row]["settings"]["model"], *curves[row], np.mean([a for a in rows[row]["auc"] if a is not None])) for row in names]
        title = f"Figure {curve}. ROC, {what} data"
        said = "; ".join(f"{model} {area:.3f}" for model, _, _, area in areas)
        self.keep(figures.roc(areas, f"{title}\n{self.note}"), f"figure{curve}", title, f"Areas under the curves: {said}")

    def compared(self, lines, rows):
        """Figure 7: the lines of Table 4 that were run, beside the reference's."""
        named = [compared_line(line, rows) for line in lines]
        title = "Figure 7. Comparison with reference [4], imbalanced data"
        said = "; ".join(f"{name} {100 * scores['accuracy'][0]:.1f} %" for name, scores in named)
        self.keep(figures.bars(named, f"{title}\n[4] as published; ours: {self.note}"), "figure7", title, f"Accuracies: {said}")

    def confusion(self, matrix, emotions, name, title, note):
        """Figure 8 of a row, or the paper's."""
        whole = f"{title}, n = {matrix.sum()}\n{note}"
        said = "; ".join(f"{emotion} {matrix[i, i]} of {matrix[i].sum()} right" for i, emotion in enumerate(emotions))
        self.keep(figures.confusion(matrix, emotions, whole), name, title, said)

    def learning(self, rows, histories, table, what):
        """Learning curves of rows; histories: {row: table}."""
        title = f"Learning curves, {what} data"
        lines = [(row, rows[row]["settings"]["model"], histories[row]) for row in rows]
        said = "; ".join(f"{row} ends at {100 * history.accuracy.iloc[-1]:.1f} % of training faces" for row, _, history in lines)
        figure = figures.curves(lines, f"{title}: training filled, validation hollow\n{self.note}")
        self.keep(figure, f"curves-{table}", title, said)

    def calibration(self, rows, predictions, table, what):
        """Reliability diagram of rows; predictions: {row: table of read_predictions}."""
        lines = []
        for name, row in rows.items():
            answer, right, confidence = answers(predictions[name], row["settings"]["emotions"])
            sure, accurate, _ = reliability(right, confidence)
            lines.append((name, row["settings"]["model"], sure, accurate, expected_calibration_error(right, confidence)))
        title = f"Calibration, {what} data"
        said = "; ".join(f"{name} {100 * error:.1f} %" for name, *_, error in lines)
        figure = figures.reliability(lines, f"{title}\n{self.note}")
        self.keep(figure, f"calibration-{table}", title, f"Expected calibration errors: {said}")

    def wrong(self, name, row, prediction, pixels):
        """The test faces that a row is most confidently wrong about."""
        answer, right, confidence = answers(prediction, row["settings"]["emotions"])
        worst = [index for index in np.argsort(-confidence, kind="stable") if not right[index]][:SHOWN]
        if worst:
            captions = [f"{prediction.emotion[i]}\nnot {answer[i]} ({100 * confidence[i]:.0f} %)" for i in worst]
            title = f"Most confidently wrong: {name}"
            figure = figures.faces(pixels[prediction.face.to_numpy()[worst]], captions, f"{title}\n{self.note}")
            self.keep(figure, "wrong", title, f"{len(worst)} faces with label, answer and confidence")

    def conflicts(self, identical, pixels):
        """Identical faces with conflicting labels; identical: audit's table of repeated faces."""
        groups = identical[identical.conflict.astype(bool)].groupby("digest", sort=True)
        if len(groups):
            shown = [(group.face.iloc[0], " / ".join(sorted(set(group.emotion)))) for _, group in groups]
            title = f"Identical faces with conflicting labels: all {len(shown)} groups"
            faces = pixels[np.array([face for face, _ in shown])]
            figure = figures.faces(faces, [text for _, text in shown], f"{title}\n{self.note}", 10)
            self.keep(figure, "conflicts", title, f"{len(shown)} faces, each with its labels")


def with_intervals(row):
    """Return {score: (value, low, high)} of a row."""
    values = {"accuracy": row["accuracy"]} | row["macro"]
    return {score: (value, *row["interval"][score]) for score, value in values.items()}


def compared_line(line, rows):
    """Return (name, scores) of a line of Table 4, ours measured, the reference's as published."""
    if line["row"] is None:
        return line["model"], {score: (line[score] / 100, None, None) for score in figures.SCORES}
    settings = rows[line["row"]]["settings"]
    return f"{settings['model']} {settings['optimizer']['name']}", with_intervals(rows[line["row"]])


def draw(paper, rows, tables, data, folder, note, dpi):
    """Draw every figure that the rows allow into `folder` and return the list of what was drawn.

    rows: {row: metrics}; tables: {"roc", "history", "confusion", "predictions": {row: table}}; data: {"labels", "pixels",
    "identical", "emotions", "structure"}.
    """
    drawer = Drawer(folder, note, dpi)
    drawer.sample(data["labels"], data["pixels"], data["emotions"])
    drawer.structure(**data["structure"])
    curves = {row: macro_curve(table) for row, table in tables["roc"].items()}
    ran = {name: [line["row"] for line in paper["tables"][name]["rows"] if line["row"] in rows] for name in paper["tables"]}
    for table, numbers, what in TABLES:
        if ran[table]:
            drawer.table(ran[table], rows, curves, numbers, what)
    compared = [line for line in paper["tables"]["table4"]["rows"] if line["row"] is None or line["row"] in rows]
    if len(compared) > 1:
        drawer.compared(compared, rows)
    figure8 = paper["figure8"]
    best = figure8["row"]
    if best in rows:
        emotions = rows[best]["settings"]["emotions"]
        matrix = tables["confusion"][best].faces.to_numpy().reshape(len(emotions), -1)
        title = f"Figure 8. Confusion matrix, {rows[best]['settings']['model']}, imbalanced data"
        drawer.confusion(matrix, emotions, "figure8", title, note)
        drawer.confusion(
            np.array(figure8["counts"]), figure8["emotions"], "figure8-paper", "Figure 8 as the paper prints it", "printed counts"
        )
    for table, _, what in TABLES:
        chosen = {row: rows[row] for row in ran[table]}
        if chosen:
            drawer.learning(chosen, tables["history"], table, what)
            drawer.calibration(chosen, tables["predictions"], table, what)
    if best in rows:
        drawer.wrong(best, rows[best], tables["predictions"][best], data["pixels"])
    drawer.conflicts(data["identical"], data["pixels"])
    return drawer.drawn


def macro_curve(table):
    """Return (false, true) positive rates of a row's macro-averaged ROC."""
    curve = table[table.emotion == "macro average"]
    return curve.false_positive_rate, curve.true_positive_rate
