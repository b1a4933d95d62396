"""The benchmark's arithmetic, and one real run of both programs; no time is judged."""

import argparse
import math

import pytest

from benchmarks import throughput
from benchmarks.one_measurement import Clock, Enough, multiply_adds, plain_model
from tests.conftest import ROOT
from tests.training.small import small_network


def test_multiply_adds__small_network_by_hand(keras):
    # 15 x 15 positions of 3 x 3 x 3 x 8 weights, and 8 x 2 of the dense layer.
    assert multiply_adds(small_network(keras)) == 225 * 216 + 16


def test_plain_model__keras_own_network_and_one_dense_layer(keras):
    model = plain_model({"network": "MobileNetV2", "size": 48, "optimizer": "adam"})
    # Keras' documentation: 3,538,984 with a dense layer of 1280 x 1000 weights and 1000 biases on top; here one for 7 emotions.
    assert model.count_params() == 3_538_984 - 1281 * 1000 + 1281 * 7 and model.output_shape == (None, 7)


def test_clock__counts_after_the_warm_up():
    clock = Clock({"started": 0.0, "seconds": 1e9, "batch_size": 4})
    clock.times, clock.images = [10.0, 11.0, 12.0, 13.0, 15.0, 17.0], [4, 4, 4, 4, 4, 2]
    figures = clock.figures()
    # Four steps are not counted; six faces in the four seconds after them.
    assert figures["first_step_seconds"] == 10.0 and figures["train_per_second"] == 6 / 4


def test_clock__stops_a_training():
    clock = Clock({"started": 0.0, "seconds": -1, "batch_size": 4})
    for _ in range(7):
        clock(4)
    with pytest.raises(Enough):
        clock(4)


def test_compare__ratios_and_share_of_the_matrix_rate():
    baseline = dict.fromkeys(throughput.FIGURES, 2.0)
    ours = dict.fromkeys(throughput.FIGURES, 6.0) | {"multiply_adds": 10}
    ratios = throughput.compare(baseline, ours, 3600.0)
    assert ratios["train_per_second"] == 3.0
    assert ratios["share_of_matrix_rate_ours"] == pytest.approx(3 * 2 * 10 * 6 / 3600)


def test_measure__matrix_product_also_as_avx2(tmp_path):
    options = argparse.Namespace(batch_size=32, optimizer="adam", seconds=0.1, as_avx2=True)
    assert throughput.measure("matrix", "MobileNetV2", options, tmp_path)["flops"] > 1e9


def test_measure__both_programs_run_and_the_table_prints(project, tmp_path, monkeypatch, capsys):
    throughput.make_faces(tmp_path)
    monkeypatch.chdir(project.folder)  # for its network, which XLA compiles in a moment
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    options = argparse.Namespace(batch_size=32, optimizer="adam", seconds=0.1, as_avx2=False)
    baseline, ours = (throughput.measure(kind, "OneConvolution", options, tmp_path) for kind in ("baseline", "ours"))
    ratios = throughput.compare(baseline, ours, 1e11)
    assert all(math.isfinite(value) and value > 0 for value in (*baseline.values(), *ours.values(), *ratios.values()))
    memory = {"faces": 1, "size": 48, "network": "OneConvolution", "pass_seconds": 1.0, "peak_bytes": 2**30, "own_bytes": 2**29}
    rows = {"OneConvolution": {"baseline": baseline, "ours": ours, "ratios": ratios}}
    means = {name: ratios[name] for name in throughput.FIGURES}
    about = {"batch_size": 32, "optimizer": "adam", "repeats": 1, "matrix_rate": 1e11}
    throughput.show(about | {"networks": rows, "geometric_means": means, "all_faces": memory})
    said = capsys.readouterr().out
    assert "OneConvolution" in said and "matrix product: 100 GFLOP/s" in said and "peak 1.00 GiB, of which 0.50 GiB" in said
