import csv
import io
import json

from pipeline.inference.answers import Answer, Csv, Face, JsonLines, TableOnTerminal, printable
from pipeline.inference.detection import Box

CLASSES = ["angry", "happy"]
NAME = 'a "face", with\na line.png'
FACE = Face(Box(1, 2, 30), {"angry": 0.25, "happy": 0.75})


def written(kind, *answers):
    stream = io.StringIO()
    writer = kind(stream, CLASSES)
    for answer in answers:
        writer.add(answer)
    writer.end()
    return stream.getvalue()


def test_json__one_object_a_picture():
    pictures = Answer(NAME, size=(640, 480), faces=[FACE], note="x"), Answer("none.png", size=(4, 3)), Answer("bad.png", error="broken")
    face = {"box": {"x": 1, "y": 2, "side": 30}, "answer": "happy", "probabilities": {"angry": 0.25, "happy": 0.75}}
    assert [json.loads(line) for line in written(JsonLines, *pictures).splitlines()] == [
        {"file": NAME, "width": 640, "height": 480, "faces": [face], "note": "x"},
        {"file": "none.png", "width": 4, "height": 3, "faces": []},
        {"file": "bad.png", "error": "broken"},
    ]


def test_csv__one_line_a_face():
    frames = Answer(NAME, 1.5, (640, 480), [FACE, FACE]), Answer("none.png", size=(4, 3))
    lines = list(csv.reader(io.StringIO(written(Csv, *frames))))
    assert lines == [
        ["file", "seconds", "face", "x", "y", "side", "answer", "angry", "happy"],
        [NAME, "1.500", "1", "1", "2", "30", "happy", "0.250000", "0.750000"],
        [NAME, "1.500", "2", "1", "2", "30", "happy", "0.250000", "0.750000"],
    ]


def test_table__names_are_no_markup_and_fit_eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = written(TableOnTerminal, Answer("[bold]\n.png", size=(9, 9), faces=[FACE]))
    assert r"[bold]\n.png" in text and "hap" in text and "1, 2, 30" in text and " 75" in text
    assert "not of what the" in text and max(map(len, text.splitlines())) <= 80
    assert written(TableOnTerminal, Answer("none.png", size=(9, 9))) == ""


def test_printable__one_line_whatever_the_name():
    assert printable('é "quoted"') == 'é "quoted"'
    assert printable("a\nb\x1b[31m\udcff") == r"a\nb\x1b[31m\udcff"
