"""ImageNet weights from a server on loopback, in the files' real forms and with the values of tests."""

import hashlib
import tarfile
from importlib import import_module

import numpy as np
import pytest

from pipeline.common.errors import InputError
from pipeline.networks.shared import imagenet
from tests.loopback import Server
from tests.networks.test_networks import settings_of, write_checkpoint

DATA = b"weights"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("FER2013_CACHE", str(tmp_path / "cache"))
    running = Server()
    yield running
    running.httpd.shutdown()
    running.httpd.server_close()


def serve(server, network, monkeypatch, name, data):
    server.answers[f"/{name}"] = (200, {}, data)
    monkeypatch.setattr(network, "IMAGENET", (f"{server.url}/{name}", f"sha256:{hashlib.sha256(data).hexdigest()}"))


def test_fetch__once_then_from_the_cache(server, tmp_path):
    server.answers["/a.h5"] = (200, {}, DATA)
    path = imagenet.fetch("ResNet50", f"{server.url}/a.h5", f"sha256:{SHA256}")
    assert path == tmp_path / "cache" / "imagenet" / "a.h5" and path.read_bytes() == DATA
    assert imagenet.fetch("ResNet50", f"{server.url}/a.h5", f"md5:{hashlib.md5(DATA).hexdigest()}") == path
    assert len(server.requests) == 1


def test_fetch__altered_or_cut_file_is_refused(server, tmp_path):
    path = tmp_path / "cache" / "imagenet" / "a.h5"
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA[:-1])
    with pytest.raises(InputError, match="a.h5: expected the ImageNet weights of ResNet50 with sha256:.* remove the file"):
        imagenet.fetch("ResNet50", f"{server.url}/a.h5", f"sha256:{SHA256}")
    path.unlink()
    server.answers["/a.h5"] = (200, {}, DATA[:-1])
    with pytest.raises(InputError, match="ResNet50: expected the ImageNet weights a.h5 from http"):
        imagenet.fetch("ResNet50", f"{server.url}/a.h5", f"sha256:{SHA256}")
    assert not path.exists()


def test_fetch__without_network_says_what_from_where_and_where_to_put_it(server, tmp_path):
    server.httpd.shutdown()
    server.httpd.server_close()
    with pytest.raises(InputError) as caught:
        imagenet.fetch("ResNet50", f"{server.url}/a.h5", f"sha256:{SHA256}")
    message, place = str(caught.value), tmp_path / "cache" / "imagenet" / "a.h5"
    assert f"ImageNet weights a.h5 from {server.url}/a.h5" in message and f"put the file at {place}" in message


def test_pins__every_network_names_its_file_and_hash():
    from pipeline.config.rows import NETWORKS

    pins = [import_module(f"pipeline.networks.{name}").IMAGENET for name in NETWORKS if not name.startswith("Compact")]
    assert len(set(pins)) == len(NETWORKS) - 2 == 7
    for url, known in pins:
        algorithm, _, digest = known.partition(":")
        assert url.startswith("https://") and len(digest) == {"md5": 32, "sha256": 64}[algorithm]


def test_pins__are_those_of_keras(keras):
    # keras.applications carries hashes of its own, but for MobileNetV2.
    import inspect

    for name in ("InceptionResNetV2", "InceptionV3", "ResNet50", "ResNet101", "Xception"):
        url, known = import_module(f"pipeline.networks.{name}").IMAGENET
        source = inspect.getsource(inspect.getmodule(getattr(keras.applications, name)))
        assert f'"{known.removeprefix("md5:")}"' in source, name


def legacy_h5(keras, model, path):
    """Write weights in the form of keras.applications' files."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def test_build__imagenet_weights_of_keras_applications_reach_the_backbone(keras, tiny_settings, server, tmp_path, monkeypatch):
    from pipeline.networks.shared.classifier import build
    from pipeline.training import backend

    network = import_module("pipeline.networks.MobileNetV2")
    backend.start(5)
    original = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3))
    legacy_h5(keras, original, tmp_path / "w.h5")
    serve(server, network, monkeypatch, "w.h5", (tmp_path / "w.h5").read_bytes())
    backend.start(6)
    built = build(settings_of("MobileNetV2", tiny_settings, pretrained="imagenet"))
    for ours, theirs in zip(built.weights[:-2], original.weights, strict=True):  # without the head
        assert np.array_equal(ours.numpy(), theirs.numpy()), ours.path


def test_build__googlenet_reads_tf_slims_archive(keras, tiny_settings, server, tmp_path, monkeypatch):
    from pipeline.networks.shared.classifier import build
    from pipeline.training import backend

    network = import_module("pipeline.networks.GoogLeNet")
    backend.start(0)
    values = write_checkpoint(tmp_path / "inception_v1.ckpt", build(settings_of("GoogLeNet", tiny_settings)), head="logits")
    with tarfile.open(tmp_path / "slim.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "inception_v1.ckpt", "inception_v1.ckpt")
    serve(server, network, monkeypatch, "slim.tar.gz", (tmp_path / "slim.tar.gz").read_bytes())
    backend.start(0)
    built = build(settings_of("GoogLeNet", tiny_settings, pretrained="imagenet"))
    assert np.array_equal(built.get_layer("Conv2d_1a_7x7").kernel.numpy(), values["InceptionV1/Conv2d_1a_7x7/weights"])
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "slim.tar.gz", "vgg.ckpt")
    backend.start(0)
    with pytest.raises(InputError, match="expected inception_v1.ckpt of at most .* received .'vgg.ckpt'."):
        build(settings_of("GoogLeNet", tiny_settings, pretrained=str(tmp_path / "other.tar.gz")))


@pytest.mark.parametrize("keep", [5, 60, 3000])  # cut in the header of gzip, of the archive, in the file
def test_build__googlenets_archive_that_is_damaged_is_refused(keras, tiny_settings, tmp_path, keep):
    from pipeline.networks.shared.classifier import build
    from pipeline.training import backend

    (tmp_path / "inception_v1.ckpt").write_bytes(np.random.default_rng(0).bytes(5000))
    with tarfile.open(tmp_path / "whole.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "inception_v1.ckpt", "inception_v1.ckpt")
    (tmp_path / "cut.tar.gz").write_bytes((tmp_path / "whole.tar.gz").read_bytes()[:keep])
    backend.start(0)
    with pytest.raises(InputError, match="cut.tar.gz: expected a whole .tar.gz archive, received: .*; fetch it again"):
        build(settings_of("GoogLeNet", tiny_settings, pretrained=str(tmp_path / "cut.tar.gz")))


def test_build__local_file_of_a_whole_classifier(keras, tiny_settings, tmp_path):
    from pipeline.networks.shared.classifier import build
    from pipeline.training import backend

    backend.start(1)
    first = build(settings_of("MobileNetV2", tiny_settings))
    first.get_layer("logits").bias.assign(np.arange(7))
    first.save_weights(tmp_path / "a.weights.h5")
    backend.start(2)
    second = build(settings_of("MobileNetV2", tiny_settings, pretrained=str(tmp_path / "a.weights.h5")))
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(first.weights, second.weights, strict=True))


def test_build__file_that_changed_since_it_was_resolved_is_refused(keras, tiny_settings, tmp_path):
    from pipeline.networks.shared.classifier import build

    path = tmp_path / "a.weights.h5"
    path.write_bytes(b"other weights under the same name")
    settings = settings_of("MobileNetV2", tiny_settings, pretrained=str(path)).model_copy(update={"pretrained_sha256": "0" * 64})
    with pytest.raises(InputError, match=f"a.weights.h5: expected sha256 {'0' * 64}, as its settings say, received"):
        build(settings)


@pytest.mark.parametrize("name", ["cut.weights.h5", "cut.h5"])
def test_build__cut_local_file_is_refused(keras, tiny_settings, tmp_path, name):
    from pipeline.networks.shared.classifier import build
    from pipeline.training import backend

    backend.start(1)
    model = build(settings_of("MobileNetV2", tiny_settings))
    model.save_weights(tmp_path / "a.weights.h5")
    (tmp_path / name).write_bytes((tmp_path / "a.weights.h5").read_bytes()[:100_000])
    backend.start(1)
    with pytest.raises(InputError, match=f"{name}: expected weights of MobileNetV2, received"):
        build(settings_of("MobileNetV2", tiny_settings, pretrained=str(tmp_path / name)))
