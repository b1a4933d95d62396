"""A trained row to an ONNX file that answers without Keras: gray faces in, probabilities out, and in it what a reader has to know."""

import json
import re
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pipeline.common.errors import InputError
from pipeline.common.files import written

INPUT, OUTPUT = "faces", "probabilities"
OPSET = 17  # of ONNX, which onnxruntime reads since 1.12
CONVERTER = "tf2onnx", "onnx"
MEANING = "A guess of the emotion that an annotator would name for the face, not of what the person feels."
LICENCE = (
    "Trained on FER-2013, a data set for research: offered for research and comparison, without any warranty, and not for decisions about "
    "people. The code that trained it is under the MIT licence."
)


def exact(settings):
    """Return the Settings in which a row is converted, and compared with its file: float32 on the CPU, by TensorFlow."""
    return settings.model_copy(update={"precision": "float32", "devices": "cpu", "backend": "tensorflow", "threads": None})


def single_view(settings, weights):
    """Return a keras.Model, (batch, face_size, face_size) uint8 gray to (batch, emotions) float32 probabilities, of trained weights.

    settings: Settings of the row; weights: its file. No test-time augmentation. Keras must have been started
    for exact() of the settings.
    """
    import keras

    from pipeline.networks.shared.classifier import build

    network = build(settings.model_copy(update={"pretrained": None, "pretrained_sha256": None}))
    network.load_weights(weights)
    faces = keras.Input((settings.face_size, settings.face_size), dtype="uint8", name=INPUT)
    logits = network(keras.ops.concatenate([faces[..., None]] * 3, axis=-1))
    return keras.Model(faces, keras.layers.Softmax(dtype="float32", name=OUTPUT)(logits), name=settings.model)


def convert(model, metadata, path):
    """Write a model of single_view() to `path` as ONNX; equal weights, metadata and packages give equal bytes.

    Input `faces`, uint8 [batch, side, side]; output `probabilities`, float32 [batch, emotions]; metadata: {name: text}, as metadata_of()
    gives it. Keras must run on TensorFlow in float32. Raises InputError where the converter is not installed.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise InputError(f"expected KERAS_BACKEND tensorflow, from which tf2onnx converts, received {keras.backend.backend()}")
    try:
        import onnx
        import tf2onnx  # noqa: F401  (Keras calls it)
    except ImportError as error:
        raise InputError(f"expected the packages {' and '.join(CONVERTER)}, received: {error}; run `make install-predict`") from None
    signature = [keras.InputSpec(shape=(None, *model.input_shape[1:]), dtype="uint8", name=INPUT)]
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about NumPy, from Keras' own patch of tf2onnx
        model.export(Path(folder) / "network.onnx", format="onnx", input_signature=signature, opset_version=OPSET, verbose=False)
        made = onnx.load(Path(folder) / "network.onnx")
    _name(made.graph, model.name)
    made.doc_string = MEANING
    onnx.helper.set_model_props(made, metadata)
    onnx.checker.check_model(made, full_check=True)
    with written(path) as temporary:
        temporary.write_bytes(made.SerializeToString(deterministic=True))


def halve_constants(path):
    """Keep the kernels of an ONNX file in float16, in half the bytes; it goes on computing in float32."""
    import onnx

    made, casts = onnx.load(path), []
    for constant in made.graph.initializer:
        values, name = onnx.numpy_helper.to_array(constant), constant.name
        if values.dtype == np.float32 and values.ndim > 1:
            constant.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}:float16"))
            casts.append(onnx.helper.make_node("Cast", [constant.name], [name], f"{name}:float32", to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    onnx.checker.check_model(made, full_check=True)
    with written(path) as temporary:
        temporary.write_bytes(made.SerializeToString(deterministic=True))


def _name(graph, name):
    # The converter numbers nodes and constants differently in each process. Here a node keeps its layer's path, the first part of its
    # name, and all else is called after the node that gives it or, for constants, that takes it first.
    graph.name, graph.doc_string = name, ""
    (faces,), (probabilities,) = graph.input, graph.output
    names, count = {faces.name: INPUT, probabilities.name: OUTPUT}, Counter()
    constants = {constant.name: constant for constant in graph.initializer}
    for node in graph.node:
        path = re.sub(r"__\d+$", "", node.name)
        node.name = f"{path}-{count[path]}" if count[path] else path
        count[path] += 1
        for place, one in enumerate(node.input):
            if one in constants:
                names.setdefault(one, f"{node.name}/input_{place}")
        for place, one in enumerate(node.output):
            names.setdefault(one, f"{node.name}:{place}")
        node.input[:] = [names[one] if one else "" for one in node.input]
        node.output[:] = [names[one] for one in node.output]
    used = [constants[one] for one in names if one in constants]
    for constant in used:
        constant.name = names[constant.name]
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(used)
    faces.name, probabilities.name = INPUT, OUTPUT
    for value in (faces, probabilities):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"


def metadata_of(settings, weights_sha256):
    """Return {name: text} for a row's ONNX file; settings: Settings; weights_sha256: of the file that it was converted from."""
    side = settings.face_size
    return {
        "row": settings.row,
        "network": settings.model,
        "classes": json.dumps(settings.emotions),
        "input": f"{INPUT}: uint8 [batch, {side}, {side}], gray, 0 black to 255 white; an upright face, cut as in FER-2013",
        "output": f"{OUTPUT}: float32 [batch, {len(settings.emotions)}], in the order of classes; they sum to 1",
        "scaling": "inside: the values go in as they are",
        "test_time_augmentation": "none",
        "meaning": MEANING,
        "licence": LICENCE,
        "weights_sha256": weights_sha256,
        "converter": ", ".join(f"{name} {version(name)}" for name in ("keras", *CONVERTER)),
    }
