"""What a net is fed with for an explanation: one picture, or arrays that stand for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.attribution.methods import Fill
from core.engines.values import Value
from core.errors import ImageError, RequestError
from core.images.prepared import prepare_image
from core.images.preprocess import Preprocess
from core.net.definition import Net
from core.retrieval.why_grid import Rectangle, grid_rectangle
from core.surveys.feed import Feed

_SHADES: dict[Fill, int] = {"black": 0, "grey": 128, "white": 255}


@dataclass(frozen=True, eq=False)
class Fed:
    """One image as a net takes it.

    inputs: by blob. picture: the blob that shows the image, and `value` what is written to it.
    size: (width, height) of the picture; covered: what of it the net sees; orientation: EXIF's, by
    which it is still to be turned. recipe: None for arrays. feed: of the values that are wanted.
    """

    inputs: Mapping[str, np.ndarray]
    picture: str
    value: Value
    size: tuple[int, int]
    covered: Rectangle
    feed: Feed
    recipe: Preprocess | None = None
    orientation: int = 1

    @property
    def pixels(self) -> np.ndarray:
        """(channels, height, width) float32 of the input."""
        found: np.ndarray = self.inputs[self.picture][0]
        return found

    @property
    def can_batch(self) -> bool:
        """Whether several pictures may share a pass."""
        return self.recipe is not None and self.feed.mixing is None

    def with_pixels(self, pictures: np.ndarray) -> dict[str, np.ndarray]:
        """The inputs with other pictures, (n, channels, height, width); n is 1 unless can_batch."""
        if self.recipe is not None:
            return self.feed.inputs(pictures)
        return {**self.inputs, self.picture: pictures}

    def filled(self, fill: Fill) -> np.ndarray:
        """A picture of one colour, prepared as this one was. Raises RequestError for arrays."""
        if fill == "mean":
            return np.zeros_like(self.pixels)
        if self.recipe is None:
            raise RequestError(
                f"Arrays have no {fill}.", hint='Choose the fill "mean", which is 0 at the input.'
            )
        width, height = self.size
        flat = np.full((height, width, 3), _SHADES[fill], np.uint8)
        return self.recipe.apply(flat)

    def fill_words(self, fill: Fill) -> str:
        """What a fill is, in a few words."""
        if fill != "mean":
            return fill
        has_mean = self.recipe is not None and bool(self.recipe.mean or self.recipe.mean_image)
        if self.recipe is None:
            return "0"
        return "the mean, 0 at the input" if has_mean else "black, 0 at the input"

    def grid(self, at: Value, places: tuple[int, ...]) -> Rectangle:
        """Where the places of a value lie in the picture."""
        if at == self.value:
            return self.covered
        return grid_rectangle(self.feed, at, self.pixels.shape, places, self.covered)


def fed_with_picture(feed: Feed, path: Path, recipe: Preprocess) -> Fed:
    """Decode and prepare a file. Raises ImageError."""
    feed.check_takes_pictures()
    feed.check_channels(recipe.n_channels)
    prepared = prepare_image(path, recipe)
    if prepared.values is None:
        raise ImageError(prepared.problem or f"'{path.name}' can't be read.")
    problem = feed.problem_with(prepared.values.shape)
    if problem is not None:
        raise ImageError(f"'{path.name}' does not fit this net ({problem[0]}): {problem[1]}")
    width, height = prepared.size
    return Fed(
        feed.inputs(prepared.values[None]),
        feed.picture,
        input_value(feed.net, feed.picture),
        prepared.size,
        recipe.sizing(width, height).covered(width, height),
        feed,
        recipe,
        prepared.orientation,
    )


def fed_with_arrays(feed: Feed, inputs: Mapping[str, np.ndarray]) -> Fed:
    """Arrays by blob, of one image. Raises RequestError."""
    picture = feed.picture or next(
        (name for name, array in inputs.items() if array.ndim == 4), ""
    ) or next(iter(inputs), "")  # fmt: skip
    if not picture:
        raise RequestError("The net has no input to explain a score by.")
    array = inputs[picture]
    if not array.ndim or len(array) != 1:
        raise RequestError(f"'{picture}' is to hold one image, its first axis 1, to be explained.")
    height, width = array.shape[2:] if array.ndim == 4 else (1, 1)
    return Fed(
        inputs,
        picture,
        input_value(feed.net, picture),
        (width, height),
        (0.0, 0.0, float(width), float(height)),
        feed,
    )


def input_value(net: Net, blob: str) -> Value:
    """What is written to an input blob before any layer changes it in place."""
    version = next(version for version in net.versions if version.blob == blob)
    return Value(version.layer, blob)
