import numpy as np

from pipeline import to_rgb


def test_main__passes_labels_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    np.save(raw / "faces.npy", np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2))
    (raw / "labels.csv").write_text("face,name\n0,a\n")
    to_rgb.main()
    assert np.load("data/rgb/faces.npy").shape == (6, 2, 2, 3)
    assert (tmp_path / "data/rgb/labels.csv").read_text() == "face,name\n0,a\n"
