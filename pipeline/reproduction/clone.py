"""A fresh clone of the committed pipeline, in which it runs with nothing cached."""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

from pipeline.common.errors import InputError
from pipeline.common.files import read_json
from pipeline.common.git import git
from pipeline.reporting.tables import summary

LOCK = "dvc.lock"


class Clone:
    """A fresh clone of the committed state, in which nothing is cached."""

    def __init__(self, root, folder):
        git("clone", "--quiet", "--no-hardlinks", str(root), str(folder))
        self.folder = folder
        local = folder / ".dvc" / "config.local"  # a cache shared by the user's own settings would answer instead of a training
        local.write_text(f"[cache]\n    dir = {folder / '.dvc' / 'cache'}\n", encoding="utf-8")

    def output(self, *command, environment=None, output=subprocess.PIPE):
        """Run a command there, in this Python's environment, and return what it printed; raise InputError if it fails."""
        own = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | (environment or {})
        own["FER2013_CACHE"] = str(self.folder / ".dvc" / "tmp" / "cache")  # nor may a checkpoint
        done = subprocess.run(command, cwd=self.folder, env=own, stdout=output, check=False, text=True)
        if done.returncode:
            said = " ".join(command)
            raise InputError(f"expected `{said}` in a fresh clone to succeed, received exit status {done.returncode}; see above")
        return done.stdout

    def repro(self, *arguments):
        """Run `dvc repro`."""
        self.output("dvc", "repro", *arguments, output=sys.stderr)

    def train_again(self, rows):
        """Train and score rows once more."""
        self.repro("--force", "--single-item", *(f"train@{row}" for row in rows))
        self.repro(*(f"evaluate@{row}" for row in rows))

    def lock(self):
        """Return dvc.lock."""
        return yaml.safe_load((self.folder / LOCK).read_text(encoding="utf-8"))

    def rows(self, names=None):
        """Return {row: its metrics and first losses} of what evaluate left there, of all rows or of `names`."""
        found = sorted((self.folder / "reports" / "rows").glob("*/metrics.json"))
        metrics = {path.parent.name: read_json(path) for path in found if names is None or path.parent.name in names}
        return {row: {"metrics": summary(one), "first_losses": one["first_losses"]} for row, one in metrics.items()}

    def first_steps(self, row, flips=0, environment=None):
        """Return what pipeline.first_steps prints: the row's first steps as it is, then with other last bits."""
        command = (sys.executable, "-m", "pipeline.first_steps", "--row", row, "--flips", str(flips))
        return json.loads(self.output(*command, environment=environment).splitlines()[-1])
