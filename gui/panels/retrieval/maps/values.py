"""What the map view shows: images with their labels, and where each lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PyQt5.QtGui import QColor

from core.words import plural
from gui.panels.retrieval.view import RecipeChoice, ResultTile
from gui.theme import Theme

COLOURS = (
    "family_convolution", "family_activation", "family_pooling", "mark", "family_normalisation",
    "family_inner_product", "family_merge", "family_loss", "relevant", "family_data",
)  # fmt: skip
"""Colours that the design has checked against one another for every kind of colour vision."""
SHAPES = ("disc", "square", "diamond")
"""Each goes once through the colours, so that no label has a look of another."""
MOST_LABELS = len(COLOURS) * len(SHAPES)
NO_LABEL = "no label"


@dataclass(frozen=True)
class LabelLook:
    """One entry of the legend: the label, "" for none; its colour by role; its shape; its images.

    is_rest: stands for all labels beyond those that have a look of their own.
    """

    label: str
    role: str
    shape: str
    n_images: int
    is_rest: bool = False

    @property
    def words(self) -> str:
        """What the legend says."""
        return self.label or NO_LABEL

    def colour(self, theme: Theme) -> QColor:
        """Its colour in a theme."""
        return QColor(getattr(theme, self.role))


@dataclass(frozen=True, eq=False)
class MapImages:
    """The images of a gallery: tile makes one when it is asked for.

    names: the labels that there are, None among them for images without one. codes: (n,) int, the
    number of each image's among them.
    """

    names: tuple[str | None, ...]
    codes: np.ndarray
    tile: Callable[[int], ResultTile]

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def looks(self) -> tuple[LabelLook, ...]:
        """The legend: labels by name, those with most images first to get a look; then the rest."""
        numbers = np.bincount(self.codes, minlength=len(self.names)).tolist()
        counts = {name: n for name, n in zip(self.names, numbers, strict=True) if n}
        n_without = counts.pop(None, 0)
        named = sorted(counts, key=lambda label: (-counts[label], label or ""))
        own = sorted(str(label) for label in named[:MOST_LABELS])
        looks = [
            LabelLook(label, COLOURS[i % len(COLOURS)], SHAPES[i // len(COLOURS)], counts[label])
            for i, label in enumerate(own)
        ]
        beyond = named[MOST_LABELS:]
        if beyond:
            n_rest = sum(counts[label] for label in beyond)
            looks.append(
                LabelLook(plural(len(beyond), "other label"), "edge", "disc", n_rest, True)
            )
        if n_without:
            looks.append(LabelLook("", "junk", "disc", n_without))
        return tuple(looks)

    @cached_property
    def look_of(self) -> np.ndarray:
        """The number of each image's entry in the legend, (n,) int64."""
        place = {look.label: i for i, look in enumerate(self.looks) if not look.is_rest}
        rest = next((i for i, look in enumerate(self.looks) if look.is_rest), 0)
        of_names = [place.get(name or "", rest) for name in self.names]
        found: np.ndarray = np.array(of_names, np.int64)[self.codes]
        return found

    @cached_property
    def has_label(self) -> np.ndarray:
        """Which images have one, (n,) bool."""
        found: np.ndarray = np.array([name is not None for name in self.names])[self.codes]
        return found

    def with_look(self, number: int) -> np.ndarray:
        """The images of one entry of the legend, (n,) int64, rising."""
        return np.flatnonzero(self.look_of == number)


@dataclass(frozen=True, eq=False)
class MapLayer:
    """Where the images lie by one representation.

    points: (n_images, 2) float32, NaN for an image that it does not have. words: the value and its
    pooling. kept: what the map keeps, in a few words; sentences: all that its reader has to know.
    """

    choice: RecipeChoice
    words: str
    method: str
    points: np.ndarray
    kept: str
    sentences: tuple[str, ...] = ()

    @cached_property
    def is_there(self) -> np.ndarray:
        """Which images it has, (n_images,) bool."""
        found: np.ndarray = np.isfinite(self.points).all(axis=1)
        return found
