import pytest

from benchmarks import cluster_driver

pytest.importorskip("ray", reason="Ray is not installed (requirements-cluster_driver.txt)")


def test_timed__cells_that_sleep_take_their_time():
    # Four cells of half a second on two nodes: at least one second, whatever the driver costs.
    assert cluster_driver.timed(2, 4, 0.5) >= 1.0
