"""Reads Keras variables on any backend, also those that several devices hold."""

import keras


def read(variable):
    """Return the value of a Keras variable as a NumPy array."""
    return keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable))
