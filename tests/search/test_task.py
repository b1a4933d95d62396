import os
import subprocess

from pipeline.search import task


def test_sweep__folders_whose_worker_and_runner_are_dead(tmp_path):
    ended = subprocess.Popen(("true",))
    ended.wait()
    dead, own = ended.pid, os.getpid()
    for worker, runner in ((dead, None), (dead, dead), (dead, own), (own, dead), (own, None)):
        folder = tmp_path / f"fer2013-cell-{worker}-{runner}"
        folder.mkdir()
        if runner:
            (folder / "runner").write_text(str(runner))
    (tmp_path / "checkpoints").mkdir()
    task.sweep(tmp_path)
    left = {f"fer2013-cell-{dead}-{own}", f"fer2013-cell-{own}-{dead}", f"fer2013-cell-{own}-None", "checkpoints"}
    assert {path.name for path in tmp_path.iterdir()} == left
