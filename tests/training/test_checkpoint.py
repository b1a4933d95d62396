import errno

import numpy as np
import pytest

from tests.training.small import faces_of_two_kinds, small_network


@pytest.fixture
def trained(keras, tmp_path, monkeypatch):
    """A model and an optimizer with a state, and a checkpoint's place."""
    from pipeline.training.checkpoint import Checkpoint
    from pipeline.training.steps import make_steps

    monkeypatch.setenv("FER2013_CACHE", str(tmp_path))
    model, optimizer = small_network(keras), keras.optimizers.Adam(0.01)
    faces, labels = faces_of_two_kinds(4)
    make_steps(model, optimizer).train(faces, np.eye(2, dtype=np.float32)[labels], labels)
    return model, optimizer, Checkpoint("row", "0123")


def values(model, optimizer):
    return [v.numpy().copy() for v in (*model.variables, *optimizer.variables)]


def test_checkpoint__brings_back_every_variable_and_the_progress(trained):
    from pipeline.training.checkpoint import Progress

    model, optimizer, checkpoint = trained
    before = values(model, optimizer)
    progress = Progress(3, 2, 1.1, 5, 0.25, [1.0, 2.0, 3.0], [{"loss": 0.1}] * 3)
    checkpoint.save(progress, model, optimizer)
    for variable in (*model.variables, *optimizer.variables):
        variable.assign(np.ones(variable.shape))
    assert checkpoint.load(model, optimizer) == progress
    assert all(np.array_equal(a, b) for a, b in zip(before, values(model, optimizer), strict=True))
    assert str(progress) == "3 epochs and 2 steps"
    checkpoint.drop()
    assert checkpoint.load(model, optimizer) is None and not checkpoint.path.parent.exists()


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:3000] + b"\x00\xff" * 20 + data[3040:]])
def test_checkpoint__damaged_is_never_read(trained, capsys, damage):
    from pipeline.training.checkpoint import Progress

    model, optimizer, checkpoint = trained
    checkpoint.save(Progress(1), model, optimizer)
    checkpoint.path.write_bytes(damage(checkpoint.path.read_bytes()))
    before = values(model, optimizer)
    assert checkpoint.load(model, optimizer) is None
    assert "damaged" in capsys.readouterr().err
    assert all(np.array_equal(a, b) for a, b in zip(before, values(model, optimizer), strict=True))


def test_checkpoint__of_another_network_is_not_used(keras, trained):
    from pipeline.training.checkpoint import Progress

    model, optimizer, checkpoint = trained
    checkpoint.save(Progress(1), model, optimizer)
    other = keras.optimizers.SGD(0.01, momentum=0.9)
    other.build(model.trainable_variables)
    assert checkpoint.load(model, other) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_checkpoint__that_cannot_be_written_leaves_the_last_one(trained, monkeypatch, capsys, number):
    from pipeline.training.checkpoint import Progress

    model, optimizer, checkpoint = trained
    checkpoint.save(Progress(1), model, optimizer)

    def refuse(file, **_):
        file.write(b"half")
        raise OSError(number, "no")

    monkeypatch.setattr(np, "savez", refuse)
    checkpoint.save(Progress(2), model, optimizer)
    checkpoint.save(Progress(3), model, optimizer)
    assert capsys.readouterr().err.count("expected to save a checkpoint") == 1  # told once
    assert checkpoint.unsaved is not None
    assert checkpoint.load(model, optimizer) == Progress(1)
    assert [path.name for path in checkpoint.path.parent.iterdir()] == ["state.npz"]


def test_key__changes_with_everything_that_a_training_depends_on(tiny_settings, tmp_path, monkeypatch):
    import pipeline.training.batches
    from pipeline.training.checkpoint import key

    def of(settings=tiny_settings, versions=("keras", "3"), device="cpu", data=("1", "2")):
        return key(settings, list(data), dict([versions]), device)

    first = of()
    assert of() == first and len(first) == 32
    others = [
        of(tiny_settings.model_copy(update={"seed": 1})),
        of(tiny_settings.model_copy(update={"backend": "jax"})),
        of(versions=("keras", "4")),
        of(device="gpu"),
        of(data=("3", "2")),
        of(data=("1", "3")),
    ]
    code = tmp_path / "batches.py"
    code.write_text("changed")
    monkeypatch.setattr(pipeline.training.batches, "__file__", str(code))
    others.append(of())
    assert len({first, *others}) == len(others) + 1
