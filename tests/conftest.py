import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from tests.training import small

ROOT = Path(__file__).parent.parent
LONGEST = [
    f"test_{name}.py"
    for name in ("pipeline", "cluster", "first_steps", "grid", "beyond", "train", "queue", "plan", "throughput", "devices", "backend")
]


TRAINING = {"project", "home", "keras"}  # fixtures that run the pipeline, or start Keras
TRAINING_FILES = {"test_devices.py", "test_backend.py", "test_throughput.py"}  # they train in processes of their own


def pytest_collection_modifyitems(items):
    """Mark what trains, and begin with the longest files: the processes take one file each, in this order."""
    for item in items:
        if TRAINING & {*item.fixturenames} or item.path.name in TRAINING_FILES:
            item.add_marker("trains")
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def keras():
    """Keras, started as the stages start it."""
    from pipeline.training import backend

    return backend.start(0)


@pytest.fixture(scope="session")
def tiny_settings():
    """Settings of a row of two emotions at 32 px that trains in a second."""
    return small.settings()


@pytest.fixture(scope="session")
def portrait():
    """The path of a photograph of one face (Grace Hopper, US Navy, public domain), which lies inside matplotlib."""
    from matplotlib import cbook

    return cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)


@pytest.fixture(scope="session")
def sixty(portrait, tmp_path_factory):
    """The path of one picture of 60 faces, ten a line."""
    from PIL import Image

    from pipeline.inference import pictures

    face = pictures.read(portrait).image.crop((100, 40, 430, 400)).resize((110, 120))
    canvas = Image.new("RGB", (1280, 960), (90, 120, 150))
    for number in range(60):
        canvas.paste(face, (10 + number % 10 * 126, 20 + number // 10 * 150))
    path = tmp_path_factory.mktemp("sixty") / "sixty.png"
    canvas.save(path)
    return path


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep downloads and checkpoints of the tests out of the user's cache."""
    os.environ["FER2013_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def _quickly_compiled():
    """Let XLA compile in less time what runs a few steps here."""
    os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"


@pytest.fixture(autouse=True)
def _keras_only_where_marked(request):
    """Fail a test that starts Keras and is not marked so: it would run on a Mac in CI."""
    before = "keras" in sys.modules
    yield
    assert before or "keras" not in sys.modules or request.node.get_closest_marker("trains"), "expected the marker trains; see TRAINING"


class Project:
    """A copy of the repository in which DVC runs on tiny settings."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *command, ok=True, env=None):
        """Run a command there and return its output."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
            check=False,
        )
        assert not ok or done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def environment(self, env=None):
        """Return `env`, by default this process's, with dvc and python of these tests."""
        env = env or os.environ
        return env | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"}

    def restore(self):
        """Bring back the committed files and their outputs, as `git checkout .` and `dvc checkout --force dvc.yaml` do."""
        from dvc.repo import Repo

        self.run("git", "checkout", "--quiet", ".")
        with Repo(self.folder) as repo:
            repo.checkout(targets=[str(self.folder / "dvc.yaml")], force=True)  # a relative one would be looked for where pytest runs

    def start_queue(self):
        """Start a worker and return at once, where run() would wait: the worker holds its output open."""
        subprocess.run(
            ("dvc", "queue", "start"),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    def ran(self, output):
        """Return the stages that an output says were executed."""
        return {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage ")}

    def wait_for_queue(self, name):
        """Wait until no queued experiment is left or running, and return {name: status} of those whose names begin with `name`."""
        from dvc.repo import Repo

        with Repo(self.folder) as repo:
            for _ in range(480):
                time.sleep(0.5)
                said = repo.experiments.celery_queue.status()
                if not {"Queued", "Running"} & {one["status"] for one in said}:
                    return {one["name"]: one["status"] for one in said if one["name"].startswith(name)}
        raise AssertionError(said)

    def edit(self, name, old, new):
        """Replace one text of a file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")


ROWS = """rows:
  table2-GoogLeNet: {data: unbalanced, model: GoogLeNet, optimizer: sgd, batch_size: 32}
  table3-MobileNetV2: {data: balanced, model: MobileNetV2, optimizer: adam, batch_size: 16}

recipes:"""
BEYOND = """beyond:
  leaky: {data: balanced_leaky, model: OneConvolution, optimizer: adam, batch_size: 16}
  official: {data: balanced_official, model: OneConvolution, optimizer: adam, batch_size: 16}
  compact-0: {data: unbalanced, model: Compact, optimizer: nesterov, batch_size: 16, recipe: modern, seed: 0}

ensembles:
  both: [leaky, official]
"""
GRID = """grid:
  data: [unbalanced]
  model: [GoogLeNet]
  optimizer: [adam, sgd]
  batch_size: [16]

cluster: {cpus: 1, gpus: 0, retries: 1}
"""


def make_project(folder):
    """Copy what git holds of the repository to `folder`, with a small network and a few rows on 900 faces, and commit it there."""
    for name in (
        "pipeline",
        ".dvc/config",
        ".dvc/plots",
        ".dvc/.gitignore",
        ".dvcignore",
        ".gitignore",
        "dvc.yaml",
        "params.yaml",
        "Makefile",
        "beyond/stages.yaml",
        "grid/stages.yaml",
        "data/pretrained/README.md",
    ):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    shutil.copyfile(ROOT / "tests" / "networks" / "one_convolution.py", folder / "pipeline" / "networks" / "OneConvolution.py")
    params = (folder / "params.yaml").read_text(encoding="utf-8")
    head, rest = params.split("rows:  ", 1)
    params = head + ROWS + rest.split("\nrecipes:", 1)[1]
    for old, new in (
        ("faces: 7000\n", "faces: 900\n"),
        ("train_faces: 1100 ", "train_faces: 200 "),
        ("{unbalanced: 2, balanced: 4}", "{unbalanced: 1, balanced: 1}"),
        ("batch_norm_faces: 128  # training", "batch_norm_faces: 32  # training"),
    ):
        assert params.count(old) == 1, old
        params = params.replace(old, new)
    for name, text in (("params.yaml", params), ("beyond/params.yaml", BEYOND), ("grid/params.yaml", GRID)):
        (folder / name).write_text(text, encoding="utf-8")
    project = Project(folder)
    project.run("git", "init", "--quiet", "--initial-branch=main")
    for key, value in (("user.name", "tests"), ("user.email", "tests@localhost"), ("commit.gpgsign", "false")):
        project.run("git", "config", key, value)
    for name in ("beyond", "grid"):
        project.run("make", "--silent", "-o", ".venv/bin/.installed-predict", name)  # these tests' own Python has the packages
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "-m", "tiny")
    return project


@pytest.fixture(scope="session")
def project(tmp_path_factory, worker_id):
    """A tiny project after one `dvc repro`, whose output it keeps; tests leave it as they found it.

    Made once, and copied for each process that tests.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = (shared if worker_id == "master" else shared.parent) / "reproduced"
    output = shared.with_suffix(".log")
    with FileLock(shared.with_suffix(".lock")):
        if not output.exists():
            made = make_project(shared)
            first = made.run("dvc", "repro")
            made.run("git", "add", "--all")
            made.run("git", "commit", "--quiet", "-m", "reproduced")
            output.write_text(first, encoding="utf-8")
    made = Project(tmp_path_factory.mktemp("own") / "project")
    shutil.copytree(shared, made.folder, symlinks=True)
    made.first = output.read_text(encoding="utf-8")
    return made
