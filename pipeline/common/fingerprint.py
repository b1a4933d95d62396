"""What decides the last bits of a training on this machine."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("imbalanced-learn", "keras", "numpy", "pillow", "scikit-learn", "scipy", "tensorflow")
CHIP = ("cpu family", "model", "stepping")  # of /proc/cpuinfo
FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16", "asimd", "sve")
# oneDNN's and TensorFlow's own, of which some were seen to change the trained bytes; what the stages set themselves counts as not set.
VARIABLES = re.compile(r"(TF_ENABLE_ONEDNN|TF_ONEDNN|ONEDNN|DNNL)_\w+|(TF_NUM_INTRAOP|OMP_NUM)_THREADS")
AS_SET = {"TF_ENABLE_ONEDNN_OPTS": "1"}  # by training/backend.py


def environment():
    """Return {name: value} of the environment's variables that can change the last bits, where they are not as the stages set them."""
    return {name: value for name, value in sorted(os.environ.items()) if VARIABLES.fullmatch(name) and AS_SET.get(name) != value}


def caches(folder=Path("/sys/devices/system/cpu/cpu0/cache")):
    """Return the sizes of a core's caches, say ["1 Data 32K", "2 Unified 1024K"]: oneDNN and Eigen cut their work to fit them.

    Virtual ARM machines may leave the size out.
    """
    files = [[cache / name for name in ("level", "type", "size")] for cache in sorted(folder.glob("index*"))]
    return [" ".join(file.read_text().strip() for file in cache if file.exists()) for cache in files]


def fingerprint():
    """Return what decides the last bits of a training here: processor, its features and caches, threads, versions, variables set."""
    model, flags, chip = platform.processor() or platform.machine(), set(), {}
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags |= set(value.split())
            elif key.strip() in CHIP:
                chip[key.strip()] = value.strip()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model,
        "chip": " ".join(f"{key} {chip[key]}" for key in CHIP if key in chip),  # a cloud may name several by one name
        "caches": caches(),
        "features": [feature for feature in FEATURES if feature in flags],
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{package: version(package) for package in PACKAGES},
        **environment(),
    }
