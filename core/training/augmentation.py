"""Changing the images that a net learns from by chance, so that it sees none twice alike."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from core.errors import RequestError
from core.files import is_plain_file, write_file
from core.images.preprocess import Preprocess
from core.typed_json import as_type, load_json

FILE_NAME = "augment.json"
_MOST_BYTES = 1 << 16
_GREY = (0.114, 0.587, 0.299)
"""Of blue, green and red (ITU-R BT.601), as OpenCV weighs them."""


class Augmentation(msgspec.Struct, frozen=True):
    """How each image is changed when it is drawn; Caffe's own crop and mirror come after it.

    mirror: every second one, left to right. quarter_turns: by 0, 90, 180 or 270 degrees; images
    that are not square by 0 or 180. rotate: by up to so many degrees either way. scale: larger or
    smaller by up to this share. crop: up to this share of each side is cut off, the rest fills the
    picture. colour: brightness, contrast and saturation each by up to this share. balance: rare
    classes are drawn as often as others.
    """

    mirror: bool = False
    quarter_turns: bool = False
    rotate: float = 0.0
    scale: float = 0.0
    crop: float = 0.0
    colour: float = 0.0
    balance: bool = False

    @property
    def changes_images(self) -> bool:
        """Whether an image comes in more than one form."""
        return self != Augmentation(balance=self.balance)

    def change(
        self, values: np.ndarray, rng: np.random.Generator, recipe: Preprocess
    ) -> np.ndarray:
        """One image changed by chance.

        values: (channels, height, width) float32 as `recipe` made them, and so is what it returns.
        What a turn leaves empty is filled with the picture mirrored at its edges.
        """
        if self.quarter_turns:
            is_square = values.shape[1] == values.shape[2]
            turns = int(rng.integers(0, 4)) if is_square else 2 * int(rng.integers(0, 2))
            values = np.rot90(values, turns, axes=(1, 2))
        if self.mirror and rng.random() < 0.5:
            values = values[:, :, ::-1]
        if self.rotate or self.scale or self.crop:
            values = self._moved(values, rng)
        if self.colour:
            values = self._coloured(values, rng, recipe)
        return np.ascontiguousarray(values, np.float32)

    def _moved(self, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Rotated, scaled and cropped in one step, bilinear."""
        _, height, width = values.shape
        angle = math.radians(rng.uniform(-self.rotate, self.rotate))
        kept = 1.0 - rng.uniform(0.0, self.crop)
        step = kept / math.exp(rng.uniform(-1.0, 1.0) * math.log1p(self.scale))
        free = 1.0 - kept
        x, y = (size / 2 + rng.uniform(-0.5, 0.5) * free * size for size in (width, height))
        cos, sin = math.cos(angle) * step, math.sin(angle) * step
        pad = min(height, width) // 2
        padded = np.pad(values, ((0, 0), (pad, pad), (pad, pad)), "symmetric")
        # from a place of the result to one of the padded picture; PIL counts from pixel corners
        affine = (
            cos, sin, x + pad - cos * width / 2 - sin * height / 2,
            -sin, cos, y + pad + sin * width / 2 - cos * height / 2,
        )  # fmt: skip
        moved = [
            Image.fromarray(plane).transform(
                (width, height),
                Image.Transform.AFFINE,
                affine,
                Image.Resampling.BILINEAR,
            )
            for plane in np.ascontiguousarray(padded)
        ]
        return np.stack([np.asarray(plane) for plane in moved])

    def _coloured(
        self, values: np.ndarray, rng: np.random.Generator, recipe: Preprocess
    ) -> np.ndarray:
        """Brightness, contrast and saturation, as of pixels from 0 to 255; alpha stays."""
        mean, scale = recipe.channel_terms()
        n_colours = 3 if len(values) > 2 else 1
        mean = np.broadcast_to(mean, (len(values), 1, 1))[:n_colours]
        scale = np.broadcast_to(scale, (len(values), 1, 1))[:n_colours]
        brightness, contrast, saturation = 1.0 + rng.uniform(-self.colour, self.colour, 3)
        colours = values[:n_colours]
        pixels = (colours / scale + mean) * brightness
        pixels = (pixels - pixels.mean()) * contrast + pixels.mean()
        if n_colours == 3:
            weights = _GREY if recipe.colour_order.startswith("BGR") else _GREY[::-1]
            grey = np.tensordot(weights, pixels, 1)
            pixels = (pixels - grey) * saturation + grey
        changed = (np.clip(pixels, 0, 255) - mean) * scale
        return np.concatenate([changed.astype(np.float32), values[n_colours:]])


def read_words(words: str) -> Augmentation:
    """As a command has it: "mirror,rotate=10,scale=0.2"; "none" is none. Raises RequestError."""
    fields = {field.name: field.type for field in msgspec.structs.fields(Augmentation)}
    given: dict[str, bool | float] = {}
    for word in words.split(","):
        name, _, number = word.strip().replace("-", "_").partition("=")
        if name in ("", "none"):
            continue
        if name not in fields or (fields[name] is bool) == bool(number):
            listed = ", ".join(f"{x}=N" if fields[x] is float else x for x in fields)
            raise RequestError(
                f"'{word.strip()}' is no way to change images.", hint=f"There are {listed}."
            )
        try:
            given[name] = float(number) if number else True
        except ValueError:
            raise RequestError(f"'{word.strip()}' has no number.") from None
    return _checked(Augmentation(**given))  # type: ignore[arg-type]


def _checked(found: Augmentation) -> Augmentation:
    limits = {"rotate": 180.0, "scale": 1.0, "crop": 0.9, "colour": 1.0}
    for name, most in limits.items():
        if not 0.0 <= getattr(found, name) <= most:
            raise RequestError(f"{name} lies between 0 and {most:g}.")
    return found


def write_augmentation(augmentation: Augmentation, folder: Path) -> Path:
    """Beside the files of a training, where `beside` finds it."""
    path = folder / FILE_NAME
    write_file(path, msgspec.json.format(msgspec.json.encode(augmentation)) + b"\n")
    return path


def beside(folder: Path) -> Augmentation:
    """What augment.json of a folder says, nothing where there is none. Raises AppError."""
    path = folder / FILE_NAME
    if not is_plain_file(path):
        return Augmentation()
    return _checked(as_type(load_json(path, _MOST_BYTES), Augmentation, FILE_NAME))
