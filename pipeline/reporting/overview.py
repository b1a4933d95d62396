"""The first screen of the report: what was run, how every row did beside the paper and chance, and one sentence of verdict."""

from pipeline.reporting.verdict import DIFFERS, NOT_COMPARABLE, NOT_RUN, REPRODUCES
from pipeline.scoring.outputs import answers

UNLIKE = {  # what of a row is not the paper's (paper.unlike_paper), in words
    "source": "other faces",
    "split": "another split",
    "network": "another network",
    "pretrained": "not from ImageNet weights",
    "epochs": "another number of epochs",
    "optimizer": "another optimizer or learning rate",
    "batch size": "another batch size",
    "image size": "another image size",
    "recipe": "another recipe",
}


def overview(verdicts, rows, predictions):
    """Return what the first screen shows.

    verdicts: of verdict.verdicts, a row's first line counts; rows: {row: metrics}; predictions: {row: table of read_predictions}.
    Keys: lines (of the chart, percent), best (the line with the highest accuracy, or None), run and all (counts of lines),
    at_chance and one_answer (names of rows), unlike_all and unlike_some (of unlike()), sentence.
    """
    first = {}
    for verdict in verdicts:
        first.setdefault(verdict["row"], verdict)
    lines = [v | {"chance": 100 * rows[name]["chance"] if name in rows else None} for name, v in first.items()]
    ran = [line for line in lines if line["ours"] is not None]
    unlike_all, unlike_some = unlike(ran)
    return {
        "lines": lines,
        "best": max(ran, key=lambda line: line["ours"], default=None),
        "run": len(ran),
        "all": len(lines),
        "at_chance": [line["row"] for line in ran if line["low"] <= line["chance"]],
        "one_answer": [name for name, table in predictions.items() if len(set(answers(table, rows[name]["settings"]["emotions"])[0])) == 1],
        "unlike_all": unlike_all,
        "unlike_some": unlike_some,
        "sentence": sentence(verdicts),
    }


def unlike(ran):
    """Return (words for what no row that ran has as the paper, {words: names of rows} for what some have not)."""
    reasons = {reason: [line["row"] for line in ran if reason in line["reasons"]] for reason in UNLIKE}
    everywhere = [UNLIKE[reason] for reason, names in reasons.items() if names and len(names) == len(ran)]
    return everywhere, {UNLIKE[reason]: names for reason, names in reasons.items() if 0 < len(names) < len(ran)}


def sentence(verdicts):
    """Return one sentence on which lines of the paper reproduce."""
    count = {kind: sum(v["verdict"] == kind for v in verdicts) for kind in (REPRODUCES, DIFFERS, NOT_COMPARABLE, NOT_RUN)}
    compared = count[REPRODUCES] + count[DIFFERS]
    if count[NOT_RUN] == len(verdicts):
        return "No line of Tables 2 to 4 was run."
    if not compared:
        return "No line of the paper is put to the test: no row was run as the paper ran it."
    worst = max((v for v in verdicts if v["verdict"] == DIFFERS), key=lambda v: abs(v["ours"] - v["paper"]), default=None)
    said = f"Of the {len(verdicts)} lines of Tables 2 to 4, {compared} could be compared: "
    said += f"{count[REPRODUCES]} reproduce, {count[DIFFERS]} differ"
    said += f", by at most {abs(worst['ours'] - worst['paper']):.2f} points ({worst['row']})" if worst else ""
    return f"{said}; {count[NOT_COMPARABLE]} were run under other settings than the paper's, {count[NOT_RUN]} were not run."
