import pytest


@pytest.fixture
def rate_at(keras):
    """The function; its module imports Keras."""
    from pipeline.training import optimizer

    return optimizer.rate_at


def test_rate__constant_is_the_rate(rate_at):
    assert [rate_at(step, 4, 0.1, "constant", 0.0) for step in range(4)] == [0.1] * 4


def test_rate__cosine_falls_along_half_a_wave(rate_at):
    # cos 0, 60, 90 and 120 degrees at 0, 1/3, 1/2 and 2/3 of six steps
    rates = [rate_at(step, 6, 2.0, "cosine", 0.0) for step in (0, 2, 3, 4)]
    assert rates == pytest.approx([2.0, 1.5, 1.0, 0.5])


def test_rate__warm_up_rises_from_nothing_or_from_a_twenty_fifth(rate_at):
    # Four of eight steps: fifths of the rate, for the fifth step is at the rate.
    assert [rate_at(step, 8, 1.0, "cosine", 0.5) for step in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert [rate_at(step, 8, 1.0, "constant", 0.5) for step in (0, 4, 7)] == pytest.approx([0.2, 1.0, 1.0])
    assert rate_at(0, 8, 1.0, "one-cycle", 0.5) == pytest.approx(1 / 25 + 24 / 25 / 5)
    assert rate_at(6, 8, 1.0, "one-cycle", 0.5) == pytest.approx(0.5)


def test_rate__last_step_still_moves(rate_at):
    assert 0 < rate_at(99, 100, 0.1, "one-cycle", 0.2) < 0.1 / 1000
