"""Points of one gallery in the order of another one of the same images."""

from __future__ import annotations

import numpy as np

from core.retrieval.gallery import Gallery


def aligned_points(points: np.ndarray, made_of: Gallery, shown: Gallery) -> np.ndarray:
    """Points as `shown` numbers its images, (len(shown), 2) float32; NaN for those without one.

    points: (len(made_of), 2). Images are the same where their names are, as two layers of one
    folder may have been read at different times.
    """
    if made_of.images.paths == shown.images.paths:
        return points
    place = {path: number for number, path in enumerate(made_of.images.paths)}
    result = np.full((len(shown), 2), np.nan, np.float32)
    for number, path in enumerate(shown.images.paths):
        found = place.get(path)
        if found is not None:
            result[number] = points[found]
    return result
