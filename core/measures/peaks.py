"""Where each channel of an activation is greatest and least, for our Python and foreign ones.

Valid from Python 2.7 on with NumPy as its only import: it travels to the Python that runs Caffe.
"""

import numpy as np


def channel_peaks(activation):
    # type: (np.ndarray) -> np.ndarray
    """(n_images, channels, 4) float32 of an activation (n_images, channels, ...).

    The maximum of each channel and its place, the minimum and its place; a place counts the values
    of the channel in reading order, and of equal ones the first is it. NaN counts as both.
    """
    places = _places(activation)
    found = np.empty((places.shape[0], places.shape[1], 4), np.float32)
    found[..., 0], found[..., 1] = places.max(2), places.argmax(2)
    found[..., 2], found[..., 3] = places.min(2), places.argmin(2)
    return found


def positive_share(activation):
    # type: (np.ndarray) -> np.ndarray
    """(n_images, channels) float32: the share of each channel's places that is above 0."""
    places = _places(activation)
    n_positive = (places > 0).sum(2).astype(np.float32)  # type: np.ndarray
    return n_positive / np.float32(places.shape[2])


def _places(activation):
    # type: (np.ndarray) -> np.ndarray
    """(n_images, channels, places)."""
    n_places = int(np.prod(activation.shape[2:], dtype=np.int64))
    return activation.reshape(activation.shape[0], activation.shape[1], n_places)
