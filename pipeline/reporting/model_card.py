"""The model card of each split's best row (Mitchell et al., 2019)."""

from pipeline.reporting.details import cell

USE = (
    "Meant for repeating and comparing experiments on FER-2013. Not meant for any decision about a person: not for hiring, teaching, "
    "policing, health, advertising or surveillance."
)
LIMITS = (
    "A label of FER-2013 is what a search word and an annotator made of a picture, not what a person felt; people agree with its "
    "labels on about 65 % of the faces (Goodfellow et al., 2013). People of different culture, age and neurology show feelings "
    "differently, and a face alone does not tell them. The data set names neither the people nor their consent, and says nothing of "
    "gender, age or skin: no score by group can be given, and unequal errors must be expected."
)


def best_rows(rows, validation):
    """Return {split: name of its row with the highest validation accuracy}, the first row's without any; never by test scores.

    validation: {row: accuracy on its validation faces after the last epoch, or None}.
    """
    best = {}
    for name, row in rows.items():
        split = row["settings"]["data"]
        held = best.get(split)
        if held is None or (validation[name] or 0) > (validation[held] or 0):
            best[split] = name
    return best


def model_card(rows, histories, source, profile):
    """Return the card in Markdown. histories: {row: table of its epochs}."""
    validation = {name: h.val_accuracy.iloc[-1] if "val_accuracy" in h else None for name, h in histories.items()}
    parts = ["# Model card", "Of each split the row with the highest validation accuracy (without validation faces: the first row)."]
    for split, name in best_rows(rows, validation).items():
        row = rows[name]
        settings, (low, high) = row["settings"], row["interval"]["accuracy"]
        drawn = " **Synthetic faces: the scores say nothing about photographs of people.**" if source["source"] == "synthetic" else ""
        lines = [f"| {e} | {cell(s['precision'])} | {cell(s['recall'])} | {cell(s['f1'])} | {s['support']} |" for e, s in emotions(row)]
        before, trainer = settings["pretrained"] or "random", settings["optimizer"]["name"]
        faces, sure = row["faces"], f"{100 * row['confidence']:g} % interval over test faces {cell(low)} to {cell(high)}"
        parts += [
            f"## {settings['model']} on {split} faces ({name})",
            f"- **Model**: {row['parameters']:,} parameters, {settings['image_size']} px, weights before training: {before}; "
            f"{settings['epochs']} epochs of {trainer}, batch {settings['batch_size']}.",
            f"- **Data**: {source['origin']}; {faces['train']:,} training faces, {faces['test']:,} test faces; profile {profile}.{drawn}",
            f"- **Accuracy**: {cell(row['accuracy'])} % ({sure}); always giving the commonest emotion scores {cell(row['chance'])} %.",
            f"- **Intended use**: {USE}",
            f"- **Limits and ethics**: {LIMITS}",
            "\n".join(["| Emotion | Precision | Recall | F1 | Test faces |", "|---|---|---|---|---|", *lines]),
        ]
    return "\n\n".join(parts if rows else [*parts, "No row was run."]) + "\n"


def emotions(row):
    """Return [(emotion, scores)] of a row."""
    return list(zip(row["settings"]["emotions"], row["per_class"], strict=True))
