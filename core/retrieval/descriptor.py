"""The recipe of a descriptor: everything that decides on the vector an image gets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.values import Value
from core.errors import AppError, GalleryError
from core.images.preprocess import Preprocess
from core.measures.measure import POOLINGS, Pool


@dataclass(frozen=True)
class DescriptorRecipe:
    """Which value of which net is pooled how, from pictures prepared how.

    net_sha256: of the prototxt's text. weights_sha256: of the weights file; without one, a word
    such as "filler 0" that names the seed. p counts for "gem" only.
    """

    layer: str
    top: str
    pooling: str
    p: float
    preprocess: Preprocess
    net_sha256: str
    weights_sha256: str

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS:
            raise GalleryError(
                f"There is no pooling '{self.pooling}'.", hint=f"Known: {', '.join(POOLINGS)}."
            )
        if not self.p > 0:
            raise GalleryError(f"GeM pooling needs a p above 0, not {self.p:g}.")

    @property
    def value(self) -> Value:
        """The layer and top that are read."""
        return Value(self.layer, self.top)

    @property
    def measure(self) -> Pool:
        """The pooling as an engine is asked for it, before the layer's shape is known."""
        return Pool(self.pooling, self.p)  # type: ignore[arg-type]  # checked in __post_init__

    def describe(self) -> str:
        """The recipe in one line."""
        pooling = f"gem p={self.p:g}" if self.pooling == "gem" else self.pooling
        return f"{self.layer} ({self.top}), {pooling}, L2; {self.preprocess.describe()}"

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {
            "layer": self.layer,
            "top": self.top,
            "pooling": self.pooling,
            "p": self.p,
            "preprocess": self.preprocess.to_json(),
            "net_sha256": self.net_sha256,
            "weights_sha256": self.weights_sha256,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> DescriptorRecipe:
        """The inverse of to_json. Raises GalleryError if a field is missing or wrong."""
        try:
            return cls(
                str(document["layer"]),
                str(document["top"]),
                str(document["pooling"]),
                float(document["p"]),
                Preprocess.from_json(document["preprocess"]),
                str(document["net_sha256"]),
                str(document["weights_sha256"]),
            )
        except (KeyError, TypeError, ValueError, AppError) as error:
            raise GalleryError(
                "The recipe of the gallery can't be read.", details=str(error)
            ) from error


def find_difference(there: DescriptorRecipe, here: DescriptorRecipe) -> str | None:
    """A sentence naming the first field in which two recipes differ; None if they are the same."""
    if there.net_sha256 != here.net_sha256:
        return "The prototxt is another one than the gallery was made with."
    if there.weights_sha256 != here.weights_sha256:
        return "The weights are others than the gallery was made with."
    fields = ("layer", "top", "pooling") + (("p",) if here.pooling == "gem" else ())
    for name in fields:
        old, new = getattr(there, name), getattr(here, name)
        if old != new:
            return f"The {name} is {old} in the gallery and {new} here."
    return _preprocess_difference(there.preprocess, here.preprocess)


def check_same_recipe(there: DescriptorRecipe, here: DescriptorRecipe) -> None:
    """Raise GalleryError, which says what differs, unless both recipes give equal descriptors."""
    difference = find_difference(there, here)
    if difference is not None:
        raise GalleryError(
            f"This gallery was made with another recipe. {difference}",
            hint="Use the gallery's recipe, or index into a new folder.",
        )


def l2_normalise(descriptors: np.ndarray) -> np.ndarray:
    """Divide each row by its Euclidean length; a row of zeros stays.

    descriptors: (n, dimension) or (dimension,). Returns the same shape, float32.
    """
    exact = np.asarray(descriptors, dtype=np.float64)
    length = np.sqrt((exact * exact).sum(axis=-1, keepdims=True))
    result: np.ndarray = (exact / np.where(length == 0, 1.0, length)).astype(np.float32)
    return result


def text_sha256(text: str) -> str:
    """SHA-256 of a prototxt's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; about a second per gigabyte. Raises GalleryError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GalleryError(f"'{path}' can't be read: {error.strerror}.") from error


def _preprocess_difference(there: Preprocess, here: Preprocess) -> str | None:
    if there == here or there.digest == here.digest:
        return None
    old_fields, new_fields = there.to_json(), here.to_json()
    for name, old in old_fields.items():
        if name != "made_with" and old != new_fields[name]:
            words = name.replace("_", " ")
            return f"Preprocessing: {words} is {old} in the gallery and {new_fields[name]} here."
    return "Preprocessing: the mean image has another content."
