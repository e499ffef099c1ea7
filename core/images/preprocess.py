"""The Preprocess recipe: how an RGB picture becomes the input blob of a net."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import numpy as np
from PIL import Image

from core.errors import AppError, ImageError
from core.images.decoder_versions import decoder_versions
from core.images.mean_image import changed_at, describe_mean_fit, mean_image_of
from core.images.pixels import Pixels
from core.images.reduced import Reduced
from core.images.resizing import resized, size_of
from core.images.sizing import Sizing, plan_size
from core.typed_json import as_type
from core.words import order_words, plural

Transparency = Literal["laid on white", "dropped", "kept"]
SizePolicy = Literal[
    "warp",
    "warp, centre crop",
    "shorter side, centre crop",
    "longest side",
    "original",
    "centre crop",
    "pad",
]
Interpolation = Literal[
    "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos", "OpenCV bilinear"
]
ColourOrder = Literal["BGR", "RGB", "gray", "BGRA", "RGBA", "gray + alpha"]
N_CHANNELS: dict[ColourOrder, int] = {
    "BGR": 3,
    "RGB": 3,
    "gray": 1,
    "BGRA": 4,
    "RGBA": 4,
    "gray + alpha": 2,
}
_ORDER_OF_CHANNELS: dict[int, ColourOrder] = {1: "gray", 2: "gray + alpha", 3: "BGR", 4: "BGRA"}
_MAX_SIDE = 16_384
_MOST_FLOAT32 = float(np.finfo(np.float32).max)
# Fields that came later: left out of the digest where they change nothing, so that what was made
# before keeps its digest.
_LATER_FIELDS = ("side_height", "transparency", "reduced_decode")


@dataclass(frozen=True)
class Preprocess:
    """A picture's way to the input blob: turn, resize, crop, order channels, minus mean, scale.

    size_policy: "warp" to width x height without keeping the aspect; "warp, centre crop" to side x
    side (or side_height), then the middle width x height; "shorter side, centre crop" with the
    shorter side at `side`; "longest side" at `side`, larger only if `enlarge`; "original"; "centre
    crop" of the original, which must not be smaller; "pad" fits into width x height and fills with
    the mean. mean: none, one value, or one a channel **in BGR order, alpha last** whatever
    colour_order is; mean_image: a file, takes the mean's place. scale multiplies last, one value or
    one a channel in the mean's order. transparency: what becomes of alpha where colour_order has
    none; where it has, alpha is resized by itself and 255 for a picture without. reduced_decode:
    JPEGs are decoded at the least of 1, 1/2, 1/4 and 1/8 of their size that is not below the
    resized one, which is faster and gives other values than Caffe's; parts of pictures are not.
    """

    size_policy: SizePolicy = "warp"
    width: int = 224
    height: int = 224
    side: int = 256
    interpolation: Interpolation = "bilinear"
    colour_order: ColourOrder = "BGR"
    mean: tuple[float, ...] = ()
    mean_image: str | None = None
    scale: float | tuple[float, ...] = 1.0
    exif: bool = True
    enlarge: bool = False
    side_height: int | None = None
    transparency: Transparency = "laid on white"
    reduced_decode: bool = False

    def __post_init__(self) -> None:
        _check_recipe(self)

    @property
    def n_channels(self) -> int:
        """Channels of the input blob this makes, 1 to 4."""
        return N_CHANNELS[self.colour_order]

    @property
    def decoded_transparency(self) -> Transparency:
        """How a picture for this recipe is decoded."""
        return "kept" if _has_alpha(self) else self.transparency

    @property
    def is_free_size(self) -> bool:
        """Whether each picture keeps a size of its own, so that the input's size varies."""
        return self.size_policy in ("original", "longest side")

    @property
    def digest(self) -> str:
        """SHA-256 over all that changes the result, a mean image's content included."""
        document = asdict(self)
        for field in fields(self):
            if field.name in _LATER_FIELDS and document[field.name] == field.default:
                del document[field.name]
        if self.mean_image is not None:
            document["mean_image"] = hashlib.sha256(mean_image_of(self.mean_image).tobytes())
            document["mean_image"] = document["mean_image"].hexdigest()
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def apply(
        self,
        picture: np.ndarray,
        whole: tuple[int, int] | None = None,
        reduced: Reduced | None = None,
    ) -> np.ndarray:
        """Make the input of one image.

        picture: (height, width, 3 or 4) uint8 RGB or RGBA; whole: as `sizing` takes it; reduced:
        of a picture that was decoded smaller than it is. Returns (channels, height, width) float32,
        contiguous. Raises ImageError if the mean image does not fit or the picture is too large or
        too small.
        """
        planes, sizing = self.planes(picture, whole, reduced)
        return np.ascontiguousarray(sizing.padded(self.pixels(planes).values()))

    def planes(
        self,
        picture: np.ndarray | Image.Image,
        whole: tuple[int, int] | None = None,
        reduced: Reduced | None = None,
    ) -> tuple[np.ndarray, Sizing]:
        """What `apply` subtracts the mean from, (channels, height, width) uint8, and what pads it.

        Arguments as for `apply`; a Pillow image in RGB is taken as it is.
        """
        sizing = self.sizing(*(size_of(picture) if reduced is None else reduced.size), whole)
        found = resized(
            picture,
            sizing,
            self.interpolation,
            is_grey=self.colour_order.startswith("gray"),
            has_alpha=_has_alpha(self),
            shown=None if reduced is None else reduced.shown,
        ).transpose(2, 0, 1)
        is_swapped = self.colour_order.startswith("BGR")
        return np.ascontiguousarray(_red_and_blue_swapped(found) if is_swapped else found), sizing

    def pixels(self, planes: np.ndarray) -> Pixels:
        """Planes with this recipe's mean and scale. Raises ImageError where they do not fit."""
        if planes.ndim != 3 or planes.shape[0] != self.n_channels:
            raise ImageError(
                f"{planes.shape} is no picture of {plural(self.n_channels, 'channel')}."
            )
        changed = 0 if self.mean_image is None else changed_at(self.mean_image)
        return Pixels(planes, *_terms(self, planes.shape[1], planes.shape[2], changed))

    def restore(self, values: np.ndarray, width: int, height: int) -> np.ndarray:
        """What `apply` made of a picture of width x height, turned back to a picture.

        values: (channels, height, width) float32. Returns (height, width, 3) uint8 RGB of the same
        size: divided by the scale, plus the mean, limited to 0 to 255; alpha is left out.
        """
        mean = self.mean_values(self.sizing(width, height))
        if mean.shape[1:] not in ((1, 1), values.shape[1:]):  # a mean image, and padding around it
            mean = mean.mean(axis=(1, 2), keepdims=True)
        with np.errstate(all="ignore"):
            pixels = values / self.scale_values() + mean
        pixels = np.clip(np.nan_to_num(np.rint(pixels)), 0, 255).astype(np.uint8)
        colours = pixels[:3] if self.n_channels > 2 else np.repeat(pixels[:1], 3, axis=0)
        if self.colour_order.startswith("BGR"):
            colours = colours[::-1]
        return np.ascontiguousarray(colours.transpose(1, 2, 0))

    def channel_terms(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and scale of each channel of the input, both (channels or 1, 1, 1).

        A mean image counts with the average of each of its channels.
        """
        if self.mean_image is None:
            mean = np.asarray(self.mean or (0.0,), dtype=np.float32)[:, None, None]
        else:
            mean = mean_image_of(self.mean_image).mean(axis=(1, 2), keepdims=True)
        is_rgb = self.colour_order.startswith("RGB")
        return _red_and_blue_swapped(mean) if is_rgb else mean, self.scale_values()

    def sizing(self, width: int, height: int, whole: tuple[int, int] | None = None) -> Sizing:
        """Resized size, crop and padding for a picture of width x height. Raises ImageError.

        whole: width and height of the picture that it is a part of, None where it is whole.
        """
        return plan_size(self.size_policy, width, height, self, whole)

    def output_shape(self, width: int, height: int) -> tuple[int, int, int]:
        """(channels, height, width) of the input made of a picture of width x height."""
        sizing = self.sizing(width, height)
        return self.n_channels, sizing.output_height, sizing.output_width

    def describe(self) -> str:
        """The recipe in one line."""
        parts = [self._describe_size(), self.interpolation, self._describe_mean()]
        if self.scale != 1.0:
            parts.append(f"times {_listed(self.scale, self)}")
        parts.append("EXIF turned" if self.exif else "EXIF ignored")
        if self.transparency == "dropped" and not _has_alpha(self):
            parts.append("transparency dropped")
        if self.reduced_decode:
            parts.append("JPEGs decoded at reduced size")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary, with the versions of what decodes under "made_with"."""
        scale = list(self.scale) if isinstance(self.scale, tuple) else self.scale
        written = {**asdict(self), "mean": list(self.mean), "scale": scale}
        return {**written, "made_with": decoder_versions()}

    @classmethod
    def from_json(cls, document: object) -> Preprocess:
        """The inverse of to_json, for what anybody may have written. Raises ImageError."""
        if not isinstance(document, dict):
            raise ImageError("A preprocessing recipe is an object of JSON.")
        values = {k: v for k, v in document.items() if k != "made_with"}
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ImageError(f"A preprocessing recipe has no field '{unknown[0]}'.")
        try:
            written = as_type(values, _Written, "The preprocessing recipe")
        except AppError as error:
            raise ImageError(error.sentence) from error
        return cls(**msgspec.structs.asdict(written))

    def check_mean_image(self) -> None:
        """Raise the ImageError that a mean image which can't be used would end in."""
        if self.mean_image is not None:
            mean_image_of(self.mean_image)

    def mean_values(self, sizing: Sizing) -> np.ndarray:
        """The mean in the order of the channels: (channels or 1, height or 1, width or 1)."""
        if self.mean_image is None:
            mean = np.asarray(self.mean or (0.0,), dtype=np.float32)[:, None, None]
        else:
            mean = sizing.crop_mean(mean_image_of(self.mean_image), self.mean_image)
        if mean.shape[0] not in (1, self.n_channels):
            raise ImageError(
                f"The mean has {mean.shape[0]} channels, the input has {self.n_channels}."
            )
        return _red_and_blue_swapped(mean) if self.colour_order.startswith("RGB") else mean

    def scale_values(self) -> np.ndarray:
        """The scale in the order of the channels: (channels or 1, 1, 1)."""
        scale = np.atleast_1d(np.asarray(self.scale, dtype=np.float32))[:, None, None]
        return _red_and_blue_swapped(scale) if self.colour_order.startswith("RGB") else scale

    def _describe_size(self) -> str:
        target = f"{self.width} x {self.height}"
        return {
            "warp": f"warp to {target}",
            "warp, centre crop": f"warp to {self.side} x {self.side_height or self.side}, "
            f"centre crop {target}",
            "shorter side, centre crop": f"shorter side {self.side}, centre crop {target}",
            "longest side": f"longest side {'' if self.enlarge else 'at most '}{self.side}",
            "original": "original size",
            "centre crop": f"original size, centre crop {target}",
            "pad": f"fit and pad to {target}",
        }[self.size_policy]

    def _describe_mean(self) -> str:
        order = order_words(self.colour_order)
        if self.mean_image is not None:
            return f"{order} minus {self._describe_mean_image(self.mean_image)}"
        return f"{order} minus {_listed(self.mean, self)}" if self.mean else order

    def _describe_mean_image(self, path: str) -> str:
        """The file and, where the size of pictures is fixed, which part of it is subtracted."""
        name = Path(path).name
        if self.size_policy not in ("warp", "warp, centre crop"):
            return name
        try:
            mean = mean_image_of(path)
        except ImageError as error:
            return f"{name} ({error.sentence})"
        sizing = self.sizing(self.width, self.height)
        cut = sizing.output_height, sizing.output_width
        fit = describe_mean_fit(mean, (sizing.height, sizing.width), cut)
        return f"{name} ({fit})" if fit else name


def colour_order_of(n_channels: int) -> ColourOrder:
    """The order in which Caffe's readers give so many channels. Raises ImageError beyond four."""
    if n_channels not in _ORDER_OF_CHANNELS:
        raise ImageError(
            f"How {n_channels} channels come from one picture can't be known.",
            hint="Make the input yourself and feed it with --array BLOB=FILE.npy.",
        )
    return _ORDER_OF_CHANNELS[n_channels]


def _has_alpha(recipe: Preprocess) -> bool:
    return recipe.n_channels in (2, 4)


def _red_and_blue_swapped(values: np.ndarray) -> np.ndarray:
    """The first axis as 2, 1, 0 and then alpha; one value for all channels stays."""
    if len(values) <= 3:
        return values[::-1] if len(values) == 3 else values
    return np.concatenate([values[2::-1], values[3:]])


def _listed(values: float | tuple[float, ...], recipe: Preprocess) -> str:
    """Numbers of a mean or scale in the order of the recipe's channels."""
    numbers = np.atleast_1d(np.asarray(values))
    if recipe.colour_order.startswith("RGB"):
        numbers = _red_and_blue_swapped(numbers)
    return ", ".join(f"{value:g}" for value in numbers)


class _Written(msgspec.Struct):
    """The types of a recipe's fields in JSON; which values they may have, `_check_recipe` says."""

    size_policy: Any = "warp"
    width: int = 224
    height: int = 224
    side: int = 256
    interpolation: Any = "bilinear"
    colour_order: Any = "BGR"
    mean: tuple[float, ...] = ()
    mean_image: str | None = None
    scale: float | tuple[float, ...] = 1.0
    exif: bool = True
    enlarge: bool = False
    side_height: int | None = None
    transparency: Any = "laid on white"
    reduced_decode: bool = False


@lru_cache(maxsize=32)
def _terms(recipe: Preprocess, height: int, width: int, _changed: int) -> tuple[np.ndarray, ...]:
    """Mean and scale for an input of a size: the same two arrays for all pictures of a survey."""
    mean = recipe.mean_values(Sizing(width, height, width, height))
    return mean, recipe.scale_values()


def _check_recipe(recipe: Preprocess) -> None:
    """Raise ImageError with a sentence about the first wrong field."""
    choices = {
        "size_policy": get_args(SizePolicy),
        "interpolation": get_args(Interpolation),
        "colour_order": get_args(ColourOrder),
        "transparency": ("laid on white", "dropped"),
    }
    for name, allowed in choices.items():
        if getattr(recipe, name) not in allowed:
            raise ImageError(
                f"'{getattr(recipe, name)}' is no {name.replace('_', ' ')}.",
                hint=f"Choose one of: {'; '.join(allowed)}.",
            )
    for name in ("width", "height", "side", "side_height"):
        value = getattr(recipe, name)
        if name == "side_height" and value is None:
            continue
        if not 1 <= value <= _MAX_SIDE:
            raise ImageError(f"The {name} must be a number of pixels from 1 to {_MAX_SIDE}.")
    _check_mean_and_scale(recipe)
    _check_crop(recipe)


def _check_mean_and_scale(recipe: Preprocess) -> None:
    hint = "Give none, one, or one for each channel in the order B, G, R."
    if len(recipe.mean) not in (0, 1, recipe.n_channels):
        raise ImageError(
            f"The mean has {len(recipe.mean)} values for {recipe.n_channels} channels.", hint=hint
        )
    scales = recipe.scale if isinstance(recipe.scale, tuple) else (recipe.scale,)
    if 0 in scales:
        raise ImageError("The scale of a preprocessing recipe is a number other than 0.")
    if len(scales) not in (1, recipe.n_channels):
        raise ImageError(
            f"The scale has {len(scales)} values for {recipe.n_channels} channels.", hint=hint
        )
    if not all(abs(number) <= _MOST_FLOAT32 for number in (*recipe.mean, *scales)):
        raise ImageError("Mean and scale must be finite numbers.")


def _check_crop(recipe: Preprocess) -> None:
    if recipe.size_policy not in ("warp, centre crop", "shorter side, centre crop"):
        return
    is_warped = recipe.size_policy == "warp, centre crop"
    side_height = (recipe.side_height if is_warped else None) or recipe.side
    if recipe.width > recipe.side or recipe.height > side_height:
        raise ImageError(
            f"A crop of {recipe.width} x {recipe.height} does not fit into side "
            f"{min(recipe.side, side_height)}."
        )
