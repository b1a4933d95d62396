"""The code that a training runs, as one digest: the files that stage train@row of dvc.yaml depends on."""

import hashlib
from pathlib import Path

PIPELINE = Path(__file__).parents[1]
ALWAYS = ("train.py", "config/settings.py", "dataset/*.py", "networks/shared/*.py", "training/*.py")


def sha256_of_source(model):
    """Return 64 hexadecimal digits that stand for the names and contents of the files that train `model`, a name in pipeline/networks."""
    files = sorted(path for pattern in (*ALWAYS, f"networks/{model}.py") for path in PIPELINE.glob(pattern))
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(PIPELINE).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
