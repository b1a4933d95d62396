"""What each machine made of the committed pipeline: one file in reports/reference for each that ran it."""

import hashlib
import json
import re

from pipeline.common.errors import InputError
from pipeline.common.files import read_json, write_json
from pipeline.common.fingerprint import fingerprint

METRICS, REFERENCES = "reports/metrics.json", "reports/reference"


def reference_name(machine):
    """Return the name of a machine's file in reports/reference, say amd-epyc-family-25-model-17."""
    return re.sub(r"[^a-z0-9]+", "-", f"{machine['processor']} {machine['chip']}".lower().replace("cpu family", "family")).strip("-")


def write_reference(root, rows):
    """Write what the rows are on this machine, for the committed reports/metrics.json."""
    machine = fingerprint()
    about = {"metrics_sha256": sha256_of(root / METRICS), "machine": machine, "rows": rows}
    write_json(root / REFERENCES / f"{reference_name(machine)}.json", about)


def read_references(root):
    """Return {name: reference} of the files that belong to the committed reports/metrics.json; raise InputError for none."""
    files = sorted((root / REFERENCES).glob("*.json"))
    found, digest = {path.stem: read_json(path) for path in files}, sha256_of(root / METRICS)
    found = {name: reference for name, reference in found.items() if reference["metrics_sha256"] == digest}
    if not found:
        raise InputError(f"expected a file in {REFERENCES} that belongs to {METRICS}, found none; run `python -m pipeline.verify --record`")
    return found


def sha256_of(path):
    """Return the SHA-256 of a file of JSON, whatever its form."""
    return hashlib.sha256(json.dumps(read_json(path), sort_keys=True).encode()).hexdigest()


def first_of(references, metrics):
    """Return the reference that reports/metrics.json was recorded with; metrics: its content. Raises InputError."""
    for reference in references.values():
        if {row: one["metrics"] for row, one in reference["rows"].items()} == metrics["rows"]:
            return reference
    raise InputError(f"expected a file in {REFERENCES} with the rows of {METRICS}, found none; run `python -m pipeline.verify --record`")
