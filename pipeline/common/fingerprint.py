"""What decides the last bits of a training on this machine."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("imbalanced-learn", "keras", "numpy", "pillow", "scikit-learn", "scipy", "tensorflow")
FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16", "asimd", "sve")


def fingerprint():
    """Return what decides the last bits of a training here: processor, its features, threads, and versions."""
    model, flags = platform.processor() or platform.machine(), set()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() in ("flags", "Features"):
                flags |= set(value.split())
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model,
        "features": [feature for feature in FEATURES if feature in flags],
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{package: version(package) for package in PACKAGES},
    }
