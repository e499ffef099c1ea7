"""Images that a fit is made of and that are no queries: those of some labels of a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FEWEST_LABELS = 4
"""With fewer there would be one label to find among one other."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Images to fit on, (n,) int64, rising, and the labels of the others, which are queries.

    labels: one for each image of the set, None where it is fitted on. n_fitted, n_measured: how
    many labels are on each side.
    """

    images: np.ndarray
    labels: tuple[str | None, ...]
    n_fitted: int
    n_measured: int


def hold_out(labels: Sequence[str | None], *, seed: int = 0) -> HeldOut | None:
    """Half of a set to fit on, by whole labels, so that no query's own answers are among it.

    labels: one for each image. Labels are drawn until they have half of the images that could be
    queries; images of no label, or of one alone, are fitted on too. Returns None for too few.
    """
    counts = Counter(label for label in labels if label is not None)
    names = sorted(label for label, n in counts.items() if n > 1)
    if len(names) < _FEWEST_LABELS:
        return None
    drawn: set[str] = set()
    n_wanted, n_drawn = sum(counts[name] for name in names) / 2, 0
    for place in np.random.default_rng(seed).permutation(len(names)).tolist():
        if n_drawn >= n_wanted or len(drawn) == len(names) - 2:
            break
        drawn.add(names[place])
        n_drawn += counts[names[place]]
    measured = set(names) - drawn
    fitted = [number for number, label in enumerate(labels) if label not in measured]
    return HeldOut(
        np.array(fitted, dtype=np.int64),
        tuple(label if label in measured else None for label in labels),
        len(drawn),
        len(measured),
    )
