import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import predict
from pipeline.common.errors import InputError
from pipeline.faces import synthetic
from pipeline.inference.network import Network
from tests.inference.test_network import brightness
from tests.inference.test_pictures import png_of_size

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed (requirements-predict.txt)")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (requirements-predict.txt)")
EMOTIONS = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


def asked(capsys, *arguments):
    """Return (exit status, objects of the JSON lines, text on stderr) of the command in this process."""
    status = predict.predict(predict.options_of([str(argument) for argument in arguments]))
    captured = capsys.readouterr()
    return status, [json.loads(line) for line in captured.out.splitlines()], captured.err


def save_faces(folder, count=3):
    """Write synthetic faces as PNG files; return them, (count, 48, 48) uint8."""
    faces = synthetic.draw(EMOTIONS[:count], 0, 0)
    for number, face in enumerate(faces):
        Image.fromarray(face).save(folder / f"{number}.png")
    return faces


def test_predict__photograph_of_one_face(capsys, portrait):
    status, (line,), said = asked(capsys, portrait)
    assert (status, said) == (0, "")
    assert (line["file"], line["width"], line["height"]) == (str(portrait), 512, 600)
    (face,) = line["faces"]
    assert list(face["probabilities"]) == EMOTIONS and sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert face["answer"] == max(face["probabilities"], key=face["probabilities"].get) and 190 < face["box"]["side"] < 260


def test_predict__cut_out_faces_answer_as_the_file_does_on_their_pixels(capsys, tmp_path):
    faces = save_faces(tmp_path)
    status, lines, said = asked(capsys, tmp_path, "--no-detect")
    expected = Network("results/weights/compact-0/model.onnx").probabilities(faces)
    received = np.array([list(line["faces"][0]["probabilities"].values()) for line in lines])
    assert status == 0 and not said and np.abs(received - expected).max() < 1e-6
    assert [Path(line["file"]).name for line in lines] == ["0.png", "1.png", "2.png"]
    assert lines[0]["faces"][0]["box"] == {"x": 0, "y": 0, "side": 48}


def test_predict__test_time_augmentation_is_the_rows_own(capsys, tmp_path):
    from pipeline.config.scoring import TestTimeAugmentation

    faces = save_faces(tmp_path, 1)
    _, (line,), _ = asked(capsys, tmp_path / "0.png", "--no-detect", "--tta")
    network = Network("results/weights/compact-0/model.onnx")
    expected = network.probabilities(faces, TestTimeAugmentation(flip=True, translate=2))[0]
    assert list(line["faces"][0]["probabilities"].values()) == pytest.approx(expected.tolist(), abs=1e-6)


def test_predict__sixty_faces_in_one_picture(capsys, sixty):
    status, (line,), _ = asked(capsys, sixty)
    assert status == 0 and len(line["faces"]) == 60
    assert len({face["answer"] for face in line["faces"]}) <= 3  # of one face, cut at slightly different places


def test_predict__picture_of_nothing_is_an_empty_answer(capsys, tmp_path):
    Image.new("RGB", (400, 300), (90, 120, 150)).save(tmp_path / "wall.png")
    status, (line,), said = asked(capsys, tmp_path / "wall.png")
    assert status == 0 and line["faces"] == [] and line["note"] == "no face was found"
    assert said == f"predict: {tmp_path / 'wall.png'}: no face was found\n"


def test_predict__animated_gif_is_its_first_frame_and_says_so(capsys, tmp_path):
    frames = [Image.fromarray(face) for face in synthetic.draw(EMOTIONS[:3], 0, 0)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    status, (line,), said = asked(capsys, tmp_path / "moving.gif", "--no-detect")
    assert status == 0 and line["note"] == "the first of several frames" and "the first of several frames" in said


def test_predict__unreadable_files_are_told_and_the_others_go_on(capsys, tmp_path, portrait):
    whole = Path(portrait).read_bytes()
    bad = {"a.jpg": whole[: len(whole) // 2], "b.png": b"", "c.png": b"%PDF-1.7\n", "d.mp4": b"#EXTM3U\n", "e.gif": b"GIF89a"}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "z.jpg").write_bytes(whole)
    status, lines, said = asked(capsys, tmp_path, tmp_path / "missing.png")
    assert status == 1
    assert [Path(line["file"]).name for line in lines if "error" in line] == [*bad, "missing.png"]
    assert [len(line["faces"]) for line in lines if "error" not in line] == [1]
    assert len(said.splitlines()) == 6 and all(line.startswith("predict: ") and "expected" in line for line in said.splitlines())


def test_predict__folder_without_pictures_is_told(capsys, tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / ".hidden.png").write_bytes(b"")
    status, (line,), said = asked(capsys, tmp_path)
    assert status == 1 and line["error"] == "expected a folder with pictures, received one without" and str(tmp_path) in said


def test_predict__twenty_thousand_pixels_wide_is_searched_and_a_square_of_them_refused(capsys, tmp_path):
    Image.new("L", (20_000, 300)).save(tmp_path / "a.png")
    png_of_size(tmp_path / "b.png", 20_000, 20_000)
    status, (wide, square), _ = asked(capsys, tmp_path)
    assert status == 1 and wide["width"] == 20_000 and wide["faces"] == [] and "expected at most" in square["error"]


@pytest.mark.parametrize("name", ["a \"quoted\" 'name'\nof two lines.png", "[bold].png", "é\t.png", "顔" * 80 + ".png"])
def test_predict__any_name(capsys, tmp_path, name):
    save_faces(tmp_path, 1)
    path = (tmp_path / "0.png").rename(tmp_path / name)
    status, (line,), _ = asked(capsys, path, "--no-detect", "--save", tmp_path / "saved")
    assert status == 0 and line["file"] == str(path)
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.name.endswith("-faces.jpg") and saved.name.isprintable() and not set(saved.name) & set("\"'[] \n\t")
    status = predict.predict(predict.options_of([str(path), "--no-detect", "--csv"]))
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert row["file"] == str(path) and row["seconds"] == "" and row["answer"] in EMOTIONS


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has no such names")
def test_predict__name_that_is_no_text(tmp_path):
    save_faces(tmp_path, 1)
    path = os.fsencode(tmp_path) + b"/\xff.png"
    os.rename(tmp_path / "0.png", path)
    for option, start in (("--json", b'{"file": "'), ("--csv", b"file,")):
        command = [sys.executable, "-m", "pipeline.predict", path, "--no-detect", option]
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stdout.startswith(start) and (b"\\udcff" if option == "--json" else path) in done.stdout


def test_predict__copies_are_saved_under_names_of_their_own(capsys, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save_faces(tmp_path / name, 2)
    status, _, _ = asked(capsys, tmp_path / "a", tmp_path / "b", "--no-detect", "--save", tmp_path / "saved")
    names = ["0-faces-2.jpg", "0-faces.jpg", "1-faces-2.jpg", "1-faces.jpg"]
    assert status == 0 and sorted(path.name for path in (tmp_path / "saved").iterdir()) == names
    with pytest.raises(InputError, match="--save: expected a folder, received the file"):
        asked(capsys, tmp_path / "a", "--no-detect", "--save", tmp_path / "a" / "0.png")


def test_predict__video_is_answered_by_times(capsys, tmp_path, portrait):
    frame = np.asarray(Image.open(portrait).resize((256, 300)))[..., ::-1].copy()
    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 4, (256, 300))
    for number in range(8):
        writer.write(frame if number < 4 else np.zeros_like(frame))
    writer.release()
    status, lines, said = asked(capsys, tmp_path / "film.avi", "--every", "0.5", "--save", tmp_path / "saved")
    assert status == 0 and [(line["seconds"], len(line["faces"])) for line in lines] == [(0, 1), (0.5, 1), (1, 0), (1.5, 0)]
    assert len(list((tmp_path / "saved").iterdir())) == 2 and "film.avi, 1.00 s: no face was found" in said
    predict.predict(predict.options_of([str(tmp_path / "film.avi"), "--csv"]))
    assert [row["seconds"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["0.000"]


def test_predict__weights_with_another_hash_or_none_are_refused(capsys, tmp_path, monkeypatch, portrait):
    folder = tmp_path / "results" / "weights" / "mine"
    folder.mkdir(parents=True)
    brightness(folder / "model.onnx")
    (folder / "score.json").write_text(json.dumps({"onnx": {"sha256": "0" * 64}}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="model.onnx: expected sha256 000"):
        asked(capsys, portrait, "--weights", "mine")
    with pytest.raises(InputError, match="--weights: expected a folder of results/weights .mine., received '../mine'"):
        asked(capsys, portrait, "--weights", "../mine")


WITHOUT = """
import sys
for name in ("keras", "tensorflow", "onnx", "tf2onnx", "pydantic", "scipy", "pandas", "sklearn", "dvc"):
    sys.modules[name] = None
sys.argv = ["predict", *sys.argv[1:]]
from pipeline import predict
from pipeline.common.errors import run
run(predict.main)
"""


def test_predict__needs_neither_converter_nor_what_trains(portrait):
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(portrait)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and len(json.loads(done.stdout)["faces"]) == 1
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(portrait), "--tta"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == "" and "expected the packages of requirements.txt" in done.stderr


def test_command__exit_statuses_and_a_closed_pipe(tmp_path):
    save_faces(tmp_path)
    command = [sys.executable, "-m", "pipeline.predict", "--no-detect"]
    done = subprocess.run([*command, str(tmp_path), "--weights", "other"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("predict: --weights: expected")
    done = subprocess.run([*command, str(tmp_path / "missing.png")], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    with subprocess.Popen([*command, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait() == 0


def test_help__says_what_it_is_worth(capsys):
    with pytest.raises(SystemExit) as ended:
        predict.options_of(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for limit in ("It is not what a person feels", "three in ten answers are wrong", "Not for any decision about a person"):
        assert limit in text
