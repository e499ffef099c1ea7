"""Channels that die while a net learns: counted on the same images again and again."""

from __future__ import annotations

import numpy as np

from core.engines.training import Training
from core.training.feeds import Feed
from core.training.frozen import HeadTraining
from core.training.run.history import History
from core.training.run.records import ChannelCount, Channels, Warned
from core.words import plural

_N_IMAGES = 64
_MOST_BATCHES = 8
_STEPS = (1, 2, 5)
_WARN_AT = (0.1, 0.5)
"""Shares of a layer's channels that have died since the run began."""


class ChannelWatch:
    """Counts dead channels of a training: of each ReLU, those that are 0 in every image looked at.

    Those are the first ones that the run is fed with. Times are 0, 1, 2, 5, 10, 20, 50 and so on,
    and the end: channels die early, in the first steps of a rate that is too high.
    """

    def __init__(self, training: Training | HeadTraining, feed: Feed, last: int) -> None:
        self._training, self._feed, self._last = training, feed, last
        n_rows = max(1, feed.n_rows)
        self._n_batches = min(_MOST_BATCHES, -(-_N_IMAGES // n_rows))
        if feed.n_images:
            self._n_batches = min(self._n_batches, -(-feed.n_images // n_rows))
        self._n_images = self._n_batches * n_rows

    def is_due(self, iteration: int) -> bool:
        """Whether it is time to count."""
        if iteration in (0, self._last):
            return True
        power = 10 ** (len(str(iteration)) - 1)
        return iteration % power == 0 and iteration // power in _STEPS

    def count(self, iteration: int) -> Channels:
        """How many are dead now."""
        peaks: dict[str, np.ndarray] = {}
        for number in range(self._n_batches):
            for layer, found in self._training.peaks(self._feed.batch(number)).items():
                known = peaks.get(layer)
                peaks[layer] = found if known is None else np.maximum(known, found)
        counts = tuple(
            ChannelCount(layer, int(np.count_nonzero(~(peak > 0))), len(peak))
            for layer, peak in peaks.items()
        )
        return Channels(iteration, self._n_images, counts)


def dying_channels(history: History) -> Warned | None:
    """A warning where in a layer a tenth, or half, of the channels have died in this run."""
    if not history.channels:
        return None
    first, now = history.channels[0], history.channels[-1]
    began = {one.layer: one.n_dead for one in first.layers}
    found = []
    for one in now.layers:
        n_before = began.get(one.layer, 0)
        n_said = sum(one.layer in said.layers for said in history.warnings)
        reached = sum(one.n_dead - n_before >= share * one.n_channels for share in _WARN_AT)
        if reached > n_said and one.n_dead > n_before:
            found.append((one, n_before))
    if not found:
        return None
    listed = "; ".join(
        f"{one.layer} {one.n_dead} of {one.n_channels} (before {n_before})"
        for one, n_before in found
    )
    return Warned(
        now.iteration,
        "dead channels",
        f"Channels die, which give 0 for each of {plural(now.n_images, 'image')} and can't learn "
        f"any more: {listed}.",
        "A smaller base_lr, or smaller lr_mult of the new layer, keeps them alive; go on from a "
        "snapshot of before, or begin anew.",
        tuple(one.layer for one, _ in found),
    )
