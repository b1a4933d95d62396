"""The state of a training on disk, from which it goes on as if it had never stopped: same bytes, float32, same machine.

A checkpoint lies outside the workspace and outside DVC's outputs, so that throw-away workspaces of queued experiments and
a stage's own cleaning leave it alone. Its folder's name is a digest of all that the training depends on.
"""

import dataclasses
import hashlib
import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np

from pipeline.common.files import cache_folder, remove
from pipeline.training import backend


@dataclasses.dataclass
class Progress:
    """How far a training is: `epoch` epochs and `step` steps of the next are done."""

    epoch: int = 0
    step: int = 0
    loss: float = 0.0  # sum over the faces of the unfinished epoch
    correct: int = 0  # of them
    seconds: float = 0.0  # of its steps
    epoch_seconds: list = dataclasses.field(default_factory=list)
    first_losses: list = dataclasses.field(default_factory=list)  # of the training's first steps
    logs: list = dataclasses.field(default_factory=list)  # of each finished epoch

    def __str__(self):
        return f"{self.epoch} epochs" + (f" and {self.step} steps" if self.step else "")


def key(settings, data, versions, device):
    """Return the digest, 32 hexadecimal digits, of what a training depends on.

    settings: Settings; data: digests of faces and split; versions: {package: version}; device: its name.
    The code is every module of this project that the process has imported.
    """
    code = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name.startswith("pipeline.")}
    main = sys.modules["__main__"].__file__ if hasattr(sys.modules["__main__"], "__file__") else None
    sources = [path for path in {*code.values(), main} if path and Path(path).suffix == ".py"]
    digests = sorted(hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in sources)
    about = [settings.model_dump(), digests, data, versions, device]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


class Checkpoint:
    """The one checkpoint of a training, in the user's cache folder or FER2013_CACHE."""

    def __init__(self, row, digest):
        self.path = cache_folder() / "checkpoints" / f"{row}-{digest}" / "state.npz"
        self.unsaved = None  # why the last save failed

    def save(self, progress, model, optimizer):
        """Write all variables and `progress`; a save that fails is told once, and leaves the one before it.

        The file takes its name when it is whole and on the disk.
        """
        arrays = {f"v{index:05}": backend.value_of(v) for index, v in enumerate(_variables(model, optimizer))}
        about = {"progress": dataclasses.asdict(progress), "variables": _describe(model, optimizer)}
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        temporary = self.path.with_name(f"state.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
            self.unsaved = None
        except OSError as error:
            if self.unsaved is None:
                print(
                    f"train: warning: expected to save a checkpoint in {self.path.parent}, received: {error.strerror or error}; training "
                    "goes on, a kill would lose it; free the place or set FER2013_CACHE to another folder",
                    file=sys.stderr,
                )
            self.unsaved = error
        finally:
            try:
                temporary.unlink(missing_ok=True)
            except OSError:
                pass  # a folder that went read-only; the file has not got its name

    def load(self, model, optimizer):
        """Bring the saved state into the variables and return its Progress; None where there is none, or a damaged one."""
        try:
            with np.load(self.path, allow_pickle=False) as arrays:  # zip's checksums tell a damaged file
                about = json.loads(arrays["about"].tobytes())
                values = [arrays[f"v{index:05}"] for index in range(len(about["variables"]))]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            print(f"train: warning: the checkpoint {self.path} is damaged ({type(error).__name__}) and not used", file=sys.stderr)
            return None
        if about["variables"] != _describe(model, optimizer):
            return None
        for variable, value in zip(_variables(model, optimizer), values, strict=True):
            variable.assign(value)
        return Progress(**about["progress"])

    def drop(self):
        """Remove the checkpoint: its training is done."""
        remove(self.path.parent)


def _variables(model, optimizer):
    return [*model.variables, *optimizer.variables]  # with the state of dropout's seeds


def _describe(model, optimizer):
    return [[v.path, list(v.shape), str(v.dtype)] for v in _variables(model, optimizer)]
