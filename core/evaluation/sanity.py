"""The gate before any figure: an image described anew has to find itself among those stored."""

from __future__ import annotations

import numpy as np

MISALIGNED = "Features and names are misaligned"
TOLERANCE = 1e-3


def find_misaligned(
    fresh: np.ndarray, own: np.ndarray, stored: np.ndarray
) -> tuple[tuple[int, int], ...]:
    """(index, index of what was found instead) of each image that does not find itself.

    fresh: (n, dimension) descriptors of images described anew; own: (n,) their rows in stored:
    (n_images, dimension). An image whose own cosine is within 0.001 of the best counts as found: a
    copy of it may stand before it, and another pass rounds otherwise.
    """
    exact = stored.astype(np.float64)
    lengths = np.sqrt(np.vecdot(exact, exact))
    found = []
    for row, index in zip(fresh.astype(np.float64), own.tolist(), strict=True):
        length = np.sqrt(row @ row)
        if not length:
            continue  # nothing can be like an image that gives zeros
        cosines = (exact @ row) / np.where(lengths == 0, 1.0, lengths * length)
        best = int(np.argmax(cosines))
        if cosines[index] < cosines[best] - TOLERANCE:
            found.append((index, best))
    return tuple(found)
