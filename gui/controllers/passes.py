"""What a forward pass left: how long it took, its best classes, and what was read for the tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.engines.values import Value
from core.jobs.classes import classes_of, is_softmax, names_of_classes
from core.jobs.look import LookRequest
from core.net.definition import Net
from core.words import plural
from gui.panels.activations.shown import ActivationRequest, ShownCard
from gui.widgets.class_list import ClassScore, ClassScores, class_text


@dataclass(frozen=True)
class LastForward:
    """The last pass that ran, for the status line.

    warm: seconds an image of the quickest pass of this net; in the first an engine gets ready.
    """

    seconds: float
    n_images: int
    warm: float
    top: ClassScore | None = None

    @classmethod
    def after(cls, former: LastForward | None, seconds: float, n_images: int) -> LastForward:
        """former: the pass before of the same net, None for the first."""
        own = seconds / max(1, n_images)
        return cls(seconds, n_images, own if former is None else min(own, former.warm))

    @property
    def sentence(self) -> str:
        """ "Top: church 61 %, 412 ms"; without classes "last forward 412 ms, 1 image"."""
        if self.top is not None:
            share = f"{100 * self.top.score:.0f} %"
            name = class_text(self.top)  # a number behind a number would read as one
            said = f"{name}, {share}" if name[-1:].isdigit() else f"{name} {share}"
            return f"Top: {said}, {1000 * self.seconds:,.0f} ms"
        images = plural(self.n_images, "image")
        return f"last forward {1000 * self.seconds:,.0f} ms, {images}"


@dataclass(frozen=True, eq=False)
class TilesRead:
    """What was read for the tiles: arrays by (layer, top), measured cards, classes they give."""

    request: ActivationRequest
    arrays: dict[tuple[str, str], np.ndarray]
    cards: list[ShownCard]
    scores: ClassScores | None


def scores_among(
    arrays: dict[tuple[str, str], np.ndarray], net: Net, key: LookRequest
) -> ClassScores | None:
    """The best classes, where one of these values gives scores of classes.

    arrays: by (layer, top), each (n, ...).
    """
    for (layer, top), array in arrays.items():
        value = Value(layer, top)
        best = classes_of(net, key.net, value, array)
        if best:
            classes = tuple(ClassScore(one.number, one.name, one.score) for one in best)
            names = names_of_classes(key.net, value, array.shape[1])
            is_trained = key.net.weights is not None
            return ClassScores(layer, classes, is_softmax(net, value), names, is_trained)
    return None
