"""Checkpoints of running cells in the DVC remote, so that another node can go on where one died."""

import threading
import uuid

from pipeline.common.files import cache_folder

FOLDER = "checkpoints"
DIGEST = "[0-9a-f]" * 32  # ends a checkpoint's folder name


class CheckpointStore:
    """The checkpoints of one row in the default remote of a DVC Repo; the files are those of pipeline.training.checkpoint."""

    def __init__(self, repo, row):
        remote = repo.cloud.get_remote()
        self.fs, self.row = remote.fs, row
        self.folder = self.fs.join(remote.path, FOLDER, row)
        self.local = cache_folder() / FOLDER
        self._seen = {}

    def whole(self):
        """Return the paths of the remote's checkpoints, those that a push has not finished apart."""
        return [path for path in self.fs.find(self.folder) if path.endswith(".npz")]

    def fetch(self):
        """Copy what the remote has to this node, where it has nothing of its own."""
        for source in self.whole():
            target = self.local / self.fs.name(self.fs.parent(source)) / self.fs.name(source)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary = target.with_suffix(f".{uuid.uuid4().hex}.part")
                self.fs.get_file(source, str(temporary))
                temporary.replace(target)
                self._seen[target] = target.stat().st_mtime_ns
                print(f"cluster: checkpoint of {self.row} from the remote", flush=True)

    def push(self):
        """Copy this node's checkpoints of the row to the remote, those that changed since the last time."""
        for path in sorted(self.local.glob(f"{self.row}-{DIGEST}/state.npz")):
            try:
                changed = path.stat().st_mtime_ns
                if self._seen.get(path) == changed:
                    continue
                target = self.fs.join(self.folder, path.parent.name, path.name)
                temporary = f"{target}.{uuid.uuid4().hex}.part"
                self.fs.makedirs(self.fs.parent(target), exist_ok=True)
                self.fs.put_file(str(path), temporary)
                self.fs.mv(temporary, target)
            except FileNotFoundError:
                continue  # the training ended in between and removed it
            self._seen[path] = changed

    def drop(self):
        """Remove the row's checkpoints from the remote: its training is done."""
        if paths := list(self.fs.find(self.folder)):
            self.fs.rm(paths)

    def pushing(self, seconds):
        """Return a function that ends a thread which pushes every `seconds`; a push that fails is told and tried again."""
        stop = threading.Event()

        def work():
            while not stop.wait(seconds):
                try:
                    self.push()
                except Exception as error:  # whatever a remote's library raises: training goes on without
                    print(f"cluster: warning: no checkpoint of {self.row} in the remote: {error}", flush=True)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return lambda: (stop.set(), thread.join())
