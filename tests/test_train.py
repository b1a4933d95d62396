"""Stage train as a process of its own: killed, stopped, out of place, diverging."""

import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from pipeline.config.settings import Augmentation, Recipe, SizePhase

ROW = "table2-GoogLeNet"
EPOCHS = 60  # of some 50 ms: some seconds in which to kill it
# Everything that draws by chance or keeps a state: it must all be in the checkpoint, or derive from seed, epoch and step.
RECIPE = Recipe(
    schedule="one-cycle", warm_up=0.3, ema=0.9, dropout=0.3, weight_decay=0.01, progressive_resizing=[SizePhase(until=0.5, size=40)],
    augmentation=Augmentation(flip=True, translate=0.1, rotation=10.0, random_erasing=0.5, mixup=0.2),
)  # fmt: skip


class Workplace:
    """A folder with the project's code and faces, and settings of its own."""

    def __init__(self, project, folder):
        self.folder, self.cache = folder, folder / "cache"
        for name in ("pipeline", "data"):
            (folder / name).symlink_to(project.folder / name)
        self.settings = json.loads((project.folder / "models" / "settings" / f"{ROW}.json").read_text())
        (folder / "models" / "settings").mkdir(parents=True)

    def start(self, limit=None, **change):
        """Start the stage with changed settings; limit: bytes that a file may have."""
        settings = self.settings | {"model": "OneConvolution", "epochs": EPOCHS, "recipe": RECIPE.model_dump()} | change
        (self.folder / "models" / "settings" / f"{ROW}.json").write_text(json.dumps(settings))
        environment = os.environ | {"FER2013_CACHE": str(self.cache)}
        environment.pop("DVC_STAGE", None)
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.train", "--row", ROW],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
        )

    def wait_for_a_new_checkpoint(self, process, since):
        """Wait until a checkpoint newer than `since` is there."""
        for _ in range(1200):
            found = list(self.cache.glob("checkpoints/*/state.npz"))
            if found and found[0].stat().st_mtime > since:
                return
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.05)
        raise AssertionError("no checkpoint in a minute")

    def weights(self):
        return hashlib.sha256((self.folder / "models" / ROW / "model.weights.h5").read_bytes()).hexdigest()

    def finish(self, process):
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output[-3000:]
        return output


@pytest.fixture
def place(project, tmp_path):
    return Workplace(project, tmp_path)


@pytest.fixture(scope="module")
def never_stopped(project, tmp_path_factory):
    """The weights' digest and the history of a training that was never stopped."""
    place = Workplace(project, tmp_path_factory.mktemp("never-stopped"))
    place.finish(place.start())
    assert not list(place.cache.glob("checkpoints/*"))  # dropped when it is done
    return place.weights(), (place.folder / "models" / ROW / "history.csv").read_bytes()


def test_train__killed_at_three_random_moments_ends_with_the_same_bytes(place, never_stopped):
    for _ in range(3):
        process, since = place.start(), time.time()
        place.wait_for_a_new_checkpoint(process, since)
        time.sleep(random.uniform(0, 0.2))  # noqa: S311 anywhere in an epoch, or in the writing of a checkpoint
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    output = place.finish(place.start())
    assert f"{ROW} goes on after" in output
    assert (place.weights(), (place.folder / "models" / ROW / "history.csv").read_bytes()) == never_stopped


def test_train__sigterm_saves_and_says_how_to_go_on(place, never_stopped):
    process = place.start()
    place.wait_for_a_new_checkpoint(process, 0)
    process.terminate()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    last = output.splitlines()[-1]
    assert "interrupted after" in last and "saved; run the same again to go on" in last and "Traceback" not in output
    assert not (place.folder / "models" / ROW).exists()
    live = place.folder / "models" / "live" / ROW
    assert len(pd.read_csv(live / "plots" / "metrics" / "train" / "loss.tsv", sep="\t")) >= 1  # what can be seen meanwhile
    output = place.finish(place.start())
    assert "goes on after" in output and not live.exists()
    assert place.weights() == never_stopped[0]


def test_train__signal_after_the_last_step_stops_and_keeps_the_row(place):
    place.start(epochs=1).kill()  # it wrote the settings
    script = (
        "import os, signal, sys; sys.argv = ['train', '--row', sys.argv[1]]\n"
        "from pipeline import train; from pipeline.common.errors import run; from pipeline.training import trainer\n"
        "write = trainer.write_csv\n"
        "def late(*given): os.kill(os.getpid(), signal.SIGINT); write(*given)\n"  # all epochs are done, the outputs are being written
        "trainer.write_csv = late; run(train.main)"
    )
    environment = os.environ | {"FER2013_CACHE": str(place.cache)}
    command = [sys.executable, "-c", script, ROW]
    done = subprocess.run(command, cwd=place.folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert done.stderr.splitlines()[-1].endswith(f"{ROW} interrupted as it ended, saved; run the same again, which trains no step")
    weights = place.weights()
    assert f"{ROW} goes on after 1 epochs of 1" in place.finish(place.start(epochs=1)) and place.weights() == weights


def test_train__other_settings_do_not_pick_up_a_checkpoint(place):
    process = place.start(seed=1)
    place.wait_for_a_new_checkpoint(process, 0)
    process.kill()
    process.communicate()
    assert "goes on after" not in place.finish(place.start(epochs=1))
    assert [path.name.rpartition("-")[0] for path in place.cache.glob("checkpoints/*")] == [ROW]  # the killed one's, still there


def test_train__checkpoints_key_covers_the_code_of_the_steps(place):
    place.start().kill()  # it wrote the settings
    script = (
        "import sys; sys.argv = ['train', '--row', sys.argv[1]]; from pipeline import train; from pipeline.training import backend\n"
        "def versions(_): print(*sorted(sys.modules)); sys.exit()\n"
        "backend.versions = versions; train.main()"  # the next thing that the key asks for
    )
    done = subprocess.run([sys.executable, "-c", script, ROW], cwd=place.folder, capture_output=True, text=True, timeout=120, check=True)
    loaded = done.stdout.split()
    names = ("tensorflow_steps", "fused", "fit", "batches", "augmentation", "optimizer", "batch_norm")
    assert {f"pipeline.training.{name}" for name in names} | {"pipeline.networks.OneConvolution"} <= set(loaded)
    assert not {"sklearn", "matplotlib", "jax"} & set(loaded)  # half the time of a start, for nothing


def test_train__full_disk_is_told_and_nothing_half_written(place):
    # Files may have 1 MB, Compact's weights have 8 MB: neither checkpoint nor model can be written.
    process = place.start(limit=2**20, model="Compact", epochs=1)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2, output[-2000:]
    assert "expected to save a checkpoint" in output and "train: expected disk space" in output.splitlines()[-1]
    assert "Traceback" not in output
    assert not (place.folder / "models" / ROW).exists() and not list((place.folder / "models").glob(".*"))


def test_train__cache_that_is_a_file_is_refused_at_once(place):
    place.cache.touch()
    process = place.start()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    (line,) = output.splitlines()
    assert line.startswith(f"train: FER2013_CACHE: expected a folder, received {place.cache}, where")


@pytest.fixture
def on_small_disk(place):
    """A function that trains an epoch of Compact, 8 MB of weights, where models/ is a disk of so many MB; skips where none can be had."""
    probe = ["unshare", "--map-root-user", "--mount", "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("unshare may not mount here")
    (place.folder / "kept").mkdir()
    (place.folder / "kept" / f"{ROW}.json").write_text(json.dumps(place.settings | {"model": "Compact", "epochs": 1}))

    def train(megabytes, cache):
        script = f'mount -t tmpfs -o size={megabytes}m tmpfs models && cp -r kept models/settings && exec "$@"'
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", sys.executable, "-m", "pipeline.train", "--row", ROW]
        environment = os.environ | {"FER2013_CACHE": str(place.folder / cache)}
        done = subprocess.run(command, cwd=place.folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 2, done.stderr[-2000:]
        return done.stderr

    return train


def test_train__disk_that_is_too_small_is_told_before_the_training(on_small_disk):
    said = on_small_disk(3, "cache")  # Compact has 1.96 million weights of four bytes, kept twice
    assert re.fullmatch(r"train: models: expected 15.7 MB of free disk space for what is saved, received 3.1; free some .*\n", said), said


def test_train__full_disk_crashes_no_library_on_the_way_out(on_small_disk):
    # The checkpoint, 16 MB, leaves too little for the weights. Unlike a file's limit, a full disk takes HDF5's closing too: it printed
    # tracebacks and ended by SIGSEGV.
    said = on_small_disk(20, "models/cache")
    assert re.fullmatch(r"train: expected disk space, received: No space left on device: models/.*\n", said), said


def test_train__loss_that_is_not_finite_stops_the_row(place):
    process = place.start(optimizer={"name": "sgd", "learning_rate": 1e30, "momentum": 0.9}, recipe={})
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    last = output.splitlines()[-1]
    assert f"train: {ROW}: expected a finite loss, received" in last
    assert "in epoch 1 with sgd at learning rate 1e+30; lower the learning rate" in last
    assert not (place.folder / "models" / ROW).exists()


def test_train__memory_that_is_used_up_is_said_in_one_line(project, monkeypatch, capsys):
    from pipeline import train
    from pipeline.common import errors
    from pipeline.training import backend, trainer

    def exhausted(*_):
        raise MemoryError

    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(sys, "argv", ["train", "--row", ROW])
    monkeypatch.setattr(backend, "start_for", lambda _: None)  # this process may have started Keras with other threads
    monkeypatch.setattr(trainer, "train", exhausted)
    with pytest.raises(SystemExit) as caught:
        errors.run(train.main)
    assert caught.value.code == 2
    assert f"{ROW}: expected enough memory for batches of 32 at 48 px, received: MemoryError" in capsys.readouterr().err
    assert (project.folder / "models" / ROW / "model.weights.h5").exists()  # the last good one
