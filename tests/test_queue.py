"""A queued training under DVC, for real: killed, and queued again. The sweep is in test_pipeline.py."""

import os
import signal
import time
from pathlib import Path

ROW = "leaky"


def queue(project, name):
    """Queue a training of ROW as the experiment `name`, and start a worker."""
    project.run("dvc", "exp", "run", "--queue", "--name", name, "-S", "epochs=80", f"beyond/dvc.yaml:train@{ROW}")
    project.start_queue()


def training(project):
    """Return the process numbers of the trainings of ROW that run in the project; other tests may train it elsewhere."""
    wanted, found = ["pipeline.train", "--section", "beyond", "--row", ROW], []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue  # it has ended
        if "python" in Path(words[0]).name and words[2:7] == wanted and (folder / "cwd").resolve().is_relative_to(project.folder):
            found.append(int(folder.name))
    return found


def test_exp_run__queued_training_that_is_killed_goes_on_when_queued_again(project):
    saved = Path(os.environ["FER2013_CACHE"]) / "checkpoints"
    queue(project, "killed")
    for _ in range(1200):
        if list(saved.glob(f"{ROW}-*/state.npz")) and training(project):
            break
        time.sleep(0.1)
    (process,) = training(project)
    os.kill(process, signal.SIGKILL)
    assert project.wait_for_queue("killed") == {"killed": "Failed"}
    queue(project, "again")
    assert project.wait_for_queue("again") == {"again": "Success"}
    assert f"train: {ROW} goes on after" in project.run("dvc", "queue", "logs", "again")
    project.run("dvc", "queue", "stop")
    assert not list(saved.glob(f"{ROW}-*"))  # a finished training removes its own
