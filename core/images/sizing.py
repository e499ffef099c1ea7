"""Sizes of preprocessing: how far a picture is scaled, what is cropped and what is padded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import ImageError

MAX_ORIGINAL_PIXELS = 2048 * 2048
_MAX_SCALED_PIXELS = 64_000_000


class SizeFields(Protocol):
    """The fields of a recipe that decide on sizes, in pixels."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def side(self) -> int: ...
    @property
    def side_height(self) -> int | None: ...
    @property
    def enlarge(self) -> bool: ...


@dataclass(frozen=True)
class Sizing:
    """Scale to width x height, then take or pad to output_width x output_height, centred."""

    width: int
    height: int
    output_width: int
    output_height: int

    @property
    def is_padded(self) -> bool:
        """Whether zeros surround the picture."""
        return self.width < self.output_width or self.height < self.output_height

    def cropped(self, picture: np.ndarray) -> np.ndarray:
        """The middle of a (height, width, channels) picture; all of it where it is smaller."""
        left = max(0, (self.width - self.output_width) // 2)
        top = max(0, (self.height - self.output_height) // 2)
        return picture[top : top + self.output_height, left : left + self.output_width]

    def padded(self, values: np.ndarray) -> np.ndarray:
        """(channels, height, width) values in the middle of zeros of the output's size."""
        n_channels, height, width = values.shape
        if (height, width) == (self.output_height, self.output_width):
            return values
        result = np.zeros((n_channels, self.output_height, self.output_width), values.dtype)
        top, left = (self.output_height - height) // 2, (self.output_width - width) // 2
        result[:, top : top + height, left : left + width] = values
        return result

    def covered(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the output in a picture of width x height, in its pixels.

        Beyond the picture's borders where the output is padded.
        """
        across = _covered(self.width, self.output_width, width)
        down = _covered(self.height, self.output_height, height)
        return across[0], down[0], across[1], down[1]

    def crop_mean(self, mean: np.ndarray, name: str) -> np.ndarray:
        """A (channels, height, width) mean image cut like the picture. Raises ImageError.

        A mean of the size before the crop or of any larger size is cut in its middle, as Caffe
        does with the mean of its 256 x 256 training images. One value a channel fits any size.
        """
        if mean.shape[1:] == (1, 1):
            return mean
        height = min(self.height, self.output_height)
        width = min(self.width, self.output_width)
        if mean.shape[1] < height or mean.shape[2] < width:
            raise ImageError(
                f"The mean image '{Path(name).name}' is {mean.shape[2]} x {mean.shape[1]} pixels, "
                f"smaller than the input of {width} x {height}.",
                hint="Use its mean value per channel instead.",
            )
        top, left = (mean.shape[1] - height) // 2, (mean.shape[2] - width) // 2
        return mean[:, top : top + height, left : left + width]


def _covered(scaled: int, output: int, length: int) -> tuple[float, float]:
    """Where the output begins and ends on one side, by where `cropped` and `padded` put it."""
    begin = max(0, (scaled - output) // 2) - max(0, (output - scaled) // 2)
    factor = length / scaled
    return begin * factor, (begin + output) * factor


def plan_size(
    policy: str,
    width: int,
    height: int,
    recipe: SizeFields,
    whole: tuple[int, int] | None = None,
) -> Sizing:
    """Sizes for a picture of width x height pixels under a policy of Preprocess.

    whole: width and height of the picture that this one was cropped from: "longest side" scales it
    as it would the whole one, so that what it shows keeps its size.

    Raises ImageError for an original size beyond 4 million pixels, which no net takes, and for a
    picture smaller than its crop.
    """
    target = (recipe.width, recipe.height)
    if policy == "warp":
        return Sizing(*target, *target)
    if policy == "warp, centre crop":
        return Sizing(recipe.side, recipe.side_height or recipe.side, *target)
    if policy == "shorter side, centre crop":
        return Sizing(*_scaled(width, height, recipe.side / min(width, height)), *target)
    if policy == "centre crop":
        return _plan_centre_crop(width, height, target)
    if policy == "pad":
        factor = min(recipe.width / width, recipe.height / height)
        fitted = _scaled(width, height, factor)
        return Sizing(min(fitted[0], target[0]), min(fitted[1], target[1]), *target)
    if policy == "longest side":
        factor = recipe.side / max(whole or (width, height))
        size = _scaled(width, height, factor if recipe.enlarge else min(1.0, factor))
        return Sizing(*size, *size)
    if width * height > MAX_ORIGINAL_PIXELS:
        raise ImageError(
            f"{width} x {height} pixels are too many for a net at original size.",
            hint="Choose 'longest side'.",
        )
    return Sizing(width, height, width, height)


def _plan_centre_crop(width: int, height: int, target: tuple[int, int]) -> Sizing:
    """The middle of a picture as it is; Caffe's data layers abort where it is too small for it."""
    if width < target[0] or height < target[1]:
        raise ImageError(
            f"{width} x {height} pixels are too small for the crop of {target[0]} x {target[1]}.",
            hint="Choose 'warp', which enlarges.",
        )
    return Sizing(width, height, *target)


def _scaled(width: int, height: int, factor: float) -> tuple[int, int]:
    """Both sides times a factor, rounded to the nearest pixel, at least 1."""
    scaled = max(1, round(width * factor)), max(1, round(height * factor))
    if scaled[0] * scaled[1] > _MAX_SCALED_PIXELS:
        raise ImageError(
            f"A picture of {width} x {height} would be scaled to {scaled[0]} x {scaled[1]} pixels.",
            hint="Choose 'warp' or 'longest side' for pictures so long.",
        )
    return scaled
