"""How a cell's runner ends when Ray's worker is gone."""

import subprocess
import sys
import time

from tests.conftest import ROOT

TRAINING = """
import pathlib, signal, sys, time
def save(*_):
    time.sleep(0.5)
    pathlib.Path(sys.argv[1]).write_text("saved")
    sys.exit(130)
signal.signal(signal.SIGTERM, save)
pathlib.Path(sys.argv[1]).write_text("began")
time.sleep(60)
"""
RUNNER = """
import pathlib, subprocess, sys
from pipeline.search import runner
worker, folder, checkpoint, training = sys.argv[1:]
runner.end_with(runner.Worker(int(worker)), pathlib.Path(folder))
done = subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", training, checkpoint])
print(done.returncode)
"""


def test_end_with__training_saves_and_its_status_is_seen(tmp_path):
    worker = subprocess.Popen(["sleep", "60"])
    checkpoint = tmp_path / "checkpoint"
    command = [sys.executable, "-c", RUNNER, str(worker.pid), str(tmp_path / "folder"), str(checkpoint), TRAINING]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as runner:
        while not checkpoint.exists() and runner.poll() is None:
            time.sleep(0.1)
        worker.kill()
        output, _ = runner.communicate(timeout=50)
    worker.wait()
    assert (output, checkpoint.read_text()) == ("130\n", "saved")
