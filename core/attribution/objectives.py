"""A target as a number and its gradient: what is gone back from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from core.attribution.targets import ChannelTarget
from core.engines.values import Value
from core.errors import RequestError
from core.measures.measure import Pool
from core.retrieval.why import linear_coefficients


@dataclass(frozen=True, eq=False)
class Objective(ABC):
    """A number made of one value of the net, for each image.

    words: what it is, in a few of them.
    """

    value: Value
    words: str

    @abstractmethod
    def score(self, arrays: np.ndarray) -> np.ndarray:
        """arrays: the value, (n_images, ...). Returns (n_images,) float64."""

    @abstractmethod
    def gradient(self, arrays: np.ndarray) -> np.ndarray:
        """Of each image's score with respect to the value: the shape of `arrays`, float32."""

    def for_products(self, arrays: np.ndarray) -> np.ndarray:
        """The gradient that is multiplied with values to share the score out."""
        return self.gradient(arrays)


@dataclass(frozen=True, eq=False)
class ElementObjective(Objective):
    """One element of each image, less another one; flat numbers within an image."""

    at: int
    minus: int | None = None

    def score(self, arrays: np.ndarray) -> np.ndarray:
        rows = arrays.reshape(len(arrays), -1).astype(np.float64)
        found: np.ndarray = rows[:, self.at]
        return found if self.minus is None else found - rows[:, self.minus]

    def gradient(self, arrays: np.ndarray) -> np.ndarray:
        diff = np.zeros((len(arrays), arrays[0].size), np.float32)
        diff[:, self.at] = 1.0
        if self.minus is not None:
            diff[:, self.minus] -= 1.0
        return diff.reshape(arrays.shape)


@dataclass(frozen=True, eq=False)
class ChannelObjective(Objective):
    """The sum or the maximum of a channel; of equal maxima the first counts."""

    channel: int
    is_maximum: bool = False

    def score(self, arrays: np.ndarray) -> np.ndarray:
        of_channel = self._of_channel(arrays).astype(np.float64)
        found: np.ndarray = of_channel.max(1) if self.is_maximum else of_channel.sum(1)
        return found

    def gradient(self, arrays: np.ndarray) -> np.ndarray:
        diff = np.zeros(arrays.shape, np.float32)
        if self.is_maximum:
            of_channel = self._of_channel(arrays)
            within = np.zeros_like(of_channel, np.float32)
            within[np.arange(len(within)), of_channel.argmax(1)] = 1.0
            diff[:, self.channel] = within.reshape(diff[:, self.channel].shape)
        else:
            diff[:, self.channel] = 1.0
        return diff

    def _of_channel(self, arrays: np.ndarray) -> np.ndarray:
        return arrays[:, self.channel].reshape(len(arrays), -1)


@dataclass(frozen=True, eq=False)
class CosineObjective(Objective):
    """The cosine of each image's pooled descriptor and another one, (dimension,) float64.

    Its gradient is at right angles to the descriptor, as a longer one is as alike, so that products
    with it add up to nothing: those are taken with both lengths held, and add up to the cosine.
    """

    pool: Pool
    other: np.ndarray

    def score(self, arrays: np.ndarray) -> np.ndarray:
        rows = self.pool.of(arrays).astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(self.other)
        found: np.ndarray = np.divide(
            rows @ self.other, lengths, out=np.zeros(len(rows)), where=lengths > 0
        )
        return found

    def gradient(self, arrays: np.ndarray) -> np.ndarray:
        return self._back(arrays, has_own_length=True)

    def for_products(self, arrays: np.ndarray) -> np.ndarray:
        return self._back(arrays, has_own_length=False)

    def _back(self, arrays: np.ndarray, *, has_own_length: bool) -> np.ndarray:
        rows = self.pool.of(arrays).astype(np.float64)
        diffs = np.zeros(arrays.shape, np.float32)
        unit = self.other / (np.linalg.norm(self.other) or 1.0)
        for diff, array, row in zip(diffs, arrays, rows, strict=True):
            length = float(np.linalg.norm(row))
            if length:
                of = unit / length
                if has_own_length:
                    of = of - (row @ unit) / length**3 * row
                diff[...] = linear_coefficients(array.astype(np.float64), self.pool, of)
        return diffs


def channel_objective(target: ChannelTarget, shape: tuple[int, ...]) -> Objective:
    """shape: of the value, for one image. Raises RequestError for what it does not have."""
    value, channel = target.value, target.channel
    n_channels = shape[1] if len(shape) > 1 else 1
    if not 0 <= channel < n_channels:
        raise RequestError(
            f"'{value.layer}' has no channel {channel}.", hint=f"It has 0 to {n_channels - 1}."
        )
    words = f"{value.layer}, channel {channel}"
    if target.how != "place":
        how = "the largest" if target.how == "max" else "the sum"
        has_places = len(shape) > 2 and int(np.prod(shape[2:])) > 1
        return ChannelObjective(
            value, f"{words}, {how}" if has_places else words, channel, target.how == "max"
        )
    if len(shape) != 4:
        raise RequestError(f"'{value.layer}' has no rows and columns.")
    row, column = target.place
    if not (0 <= row < shape[2] and 0 <= column < shape[3]):
        raise RequestError(
            f"'{value.layer}' has no place {row},{column}.",
            hint=f"It has {shape[2]} x {shape[3]}: 0,0 to {shape[2] - 1},{shape[3] - 1}.",
        )
    at = (channel * shape[2] + row) * shape[3] + column
    return ElementObjective(value, f"{words} at ({row}, {column})", at)
