"""Pixels of 8 bits on their way to a net, and what is still to be made of them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pixels:
    """One picture or several at the input's size, before mean and scale: a quarter of the bytes.

    planes: (channels, height, width) or (n_images, channels, height, width) uint8, channels in the
    input's order. mean, scale: float32 that spread over one picture; equal objects for all pictures
    of one recipe and size. `values` has the same bits wherever it is asked for.
    """

    planes: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the planes, and so of the values."""
        return self.planes.shape

    def __len__(self) -> int:
        return len(self.planes)

    @property
    def dtype(self) -> np.dtype[np.float32]:
        """Of the values."""
        return np.dtype(np.float32)

    @property
    def size(self) -> int:
        """How many values there are."""
        return self.planes.size

    @property
    def nbytes(self) -> int:
        """Of the values."""
        return self.planes.size * self.dtype.itemsize

    def values(self) -> np.ndarray:
        """(planes less mean) times scale, float32, contiguous."""
        found = np.empty(self.shape, np.float32)
        self.write(found)
        return found

    def write(self, place: np.ndarray) -> None:
        """The values into an array of their shape, contiguous float32."""
        one = self.shape[-3:]
        with np.errstate(over="ignore"):  # as in Caffe, a scale beyond all reason gives infinity
            # picture by picture, so that the scale meets it while it is in the cache
            for planes, values in zip(
                self.planes.reshape(-1, *one), place.reshape(-1, *one), strict=True
            ):
                np.subtract(planes, self.mean, out=values, dtype=np.float32)
                if self.has_scale:
                    values *= self.scale

    @property
    def has_scale(self) -> bool:
        """Whether the scale changes anything."""
        return self.scale.size > 1 or float(self.scale.flat[0]) != 1.0


Pictures = np.ndarray | Pixels
"""What a pass is fed with: (n_images, channels, height, width), float32 or pixels."""


def stacked(pictures: Sequence[Pictures]) -> Pictures:
    """Pictures of one shape as a batch; pixels stay pixels where one mean and scale is for all."""
    first = pictures[0]
    if isinstance(first, Pixels) and all(
        isinstance(one, Pixels) and one.mean is first.mean and one.scale is first.scale
        for one in pictures
    ):
        planes = np.stack([one.planes for one in pictures if isinstance(one, Pixels)])
        return Pixels(planes, first.mean, first.scale)
    return np.stack([values_of(one) for one in pictures])


def values_of(pictures: Pictures) -> np.ndarray:
    """The float32 values of one picture or several."""
    return pictures.values() if isinstance(pictures, Pixels) else pictures
