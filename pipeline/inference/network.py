"""Answers of a network in an ONNX file of conversion.convert(), by onnxruntime on the CPU: no Keras, no converter."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from pipeline.common.errors import InputError

BATCH = 64  # faces at once
INSTALL = "run `make install-predict`"


class Network:
    """One network: `classes` names its outputs, `side` is a face's height and width in pixels, `metadata` what its file says of itself."""

    def __init__(self, path, sha256=None):
        """Read the ONNX file at `path`; raise InputError where it is none of ours, or where `sha256` is given and is not its own."""
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError(f"expected the package onnxruntime, received: {error}; {INSTALL}") from None
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError:
            raise InputError(f"expected the ONNX file {path}, found none") from None
        received = hashlib.sha256(content).hexdigest()
        if sha256 is not None and received != sha256:
            raise InputError(f"{path}: expected sha256 {sha256}, received {received}: damaged; run `git checkout {path}`")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        options.log_severity_level = 3  # errors only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave the cores to others
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
            self.classes = json.loads(self.metadata["classes"])
            ((self._input, self.side),) = ((value.name, value.shape[1]) for value in self._session.get_inputs())
        except Exception as error:  # onnxruntime's have no base class of their own
            said = f"{type(error).__name__}: {str(error)[:200]}"
            raise InputError(f"{path}: expected an ONNX file that pipeline.export wrote, received: {said}") from None

    def probabilities(self, faces, tta=None):
        """Return (n, classes) float32 for faces (n, side, side) uint8, gray; tta: TestTimeAugmentation whose variants are averaged."""
        if not len(faces):
            return np.empty((0, len(self.classes)), np.float32)
        return np.concatenate([self._mean(faces[start : start + BATCH], tta) for start in range(0, len(faces), BATCH)])

    def _mean(self, faces, tta):
        if tta is None:
            return self._session.run(None, {self._input: np.ascontiguousarray(faces)})[0]
        from pipeline.scoring.prediction import variants_of

        variants = variants_of(faces[..., None], tta)
        return np.mean([self._mean(variant[..., 0], None) for variant in variants], axis=0, dtype=np.float64).astype(np.float32)


class Ensemble:
    """Several networks as one: the mean of their probabilities, all weights equal."""

    def __init__(self, networks):
        """Take networks with the same classes and side; raise InputError where they differ."""
        first, *others = networks
        for other in others:
            if (other.classes, other.side) != (first.classes, first.side):
                raise InputError(
                    f"expected networks with the same emotions and face size, received {first.metadata['row']} and {other.metadata['row']}"
                )
        self.networks, self.classes, self.side = networks, first.classes, first.side

    def probabilities(self, faces, tta=None):
        """Return (n, classes) float32, as Network does."""
        means = [network.probabilities(faces, tta) for network in self.networks]
        return np.mean(means, axis=0, dtype=np.float64).astype(np.float32)
