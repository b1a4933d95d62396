"""Stage train of the search as a process of its own: what it trained outlives an evaluation that fails."""

import json
import os
import shutil
import subprocess
import sys

ROW = "table2-GoogLeNet"


def test_cell__failed_evaluation_loses_no_training(project, tmp_path):
    for name in ("pipeline", "data"):
        (tmp_path / name).symlink_to(project.folder / name)
    settings = json.loads((project.folder / "models" / "settings" / f"{ROW}.json").read_text())
    folder = tmp_path / "grid" / "models"
    (folder / "settings").mkdir(parents=True)
    (folder / "settings" / f"{ROW}.json").write_text(json.dumps(settings | {"model": "OneConvolution", "epochs": 2}))

    def run():
        environment = os.environ | {"FER2013_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "pipeline.cell", "--row", ROW]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)

    done = run()
    assert done.returncode == 2 and f"cell: expected settings in grid/models/settings/scoring/{ROW}.json, found none" in done.stderr
    weights = (folder / ROW / "model.weights.h5").read_bytes()
    shutil.copytree(project.folder / "models" / "settings" / "scoring", folder / "settings" / "scoring")
    done = run()
    assert done.returncode == 0 and f"train: {ROW} goes on after 2 epochs of 2" in done.stdout, done.stderr
    assert (folder / ROW / "model.weights.h5").read_bytes() == weights
    assert json.loads((tmp_path / "grid" / "reports" / "rows" / ROW / "metrics.json").read_text())["faces"]["test"] > 0
    assert not list((tmp_path / "cache" / "checkpoints").glob("*"))
