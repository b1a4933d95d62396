"""The learning rate of a step."""

import math

START = 1 / 25  # of the rate: where the one-cycle schedule begins (Smith and Topin, 2019)


def rate_at(step, steps, rate, schedule, warm_up):
    """Return the learning rate of step `step` (from 0) of `steps`.

    In the first `warm_up` share of the steps it rises linearly to `rate`: from 0, or for "one-cycle" from rate / 25. After
    that "constant" keeps it; "cosine" and "one-cycle" let it fall to 0 along half a cosine (Loshchilov and Hutter, 2017).
    """
    rising = warm_up * steps
    if step < rising:
        start = START if schedule == "one-cycle" else 0.0
        return rate * (start + (1 - start) * (step + 1) / (rising + 1))
    if schedule == "constant":
        return rate
    return rate * (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2
