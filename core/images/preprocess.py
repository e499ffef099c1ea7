"""The Preprocess recipe: how an RGB picture becomes the input blob of a net."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from core.errors import ImageError
from core.images.decoding import decode_image, decoder_versions
from core.images.mean_image import describe_mean_fit, read_mean_image
from core.images.sizing import Sizing, plan_size

SizePolicy = Literal[
    "warp",
    "warp, centre crop",
    "shorter side, centre crop",
    "longest side",
    "original",
    "pad",
]
Interpolation = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
ColourOrder = Literal["BGR", "RGB", "gray"]
_MAX_SIDE = 16_384


@dataclass(frozen=True)
class Preprocess:
    """A picture's way to the input blob: turn, resize, crop, order channels, minus mean, scale.

    size_policy: "warp" to width x height without keeping the aspect; "warp, centre crop" to side x
    side, then the middle width x height; "shorter side, centre crop" with the shorter side at
    `side`; "longest side" at `side`, larger only if `enlarge`; "original"; "pad" fits into width x
    height and fills with the mean. mean: none, one value, or one a channel **in BGR order**
    whatever colour_order is; mean_image: a file, takes the mean's place. scale multiplies last.
    """

    size_policy: SizePolicy = "warp"
    width: int = 224
    height: int = 224
    side: int = 256
    interpolation: Interpolation = "bilinear"
    colour_order: ColourOrder = "BGR"
    mean: tuple[float, ...] = ()
    mean_image: str | None = None
    scale: float = 1.0
    exif: bool = True
    enlarge: bool = False

    def __post_init__(self) -> None:
        _check_recipe(self)

    @property
    def n_channels(self) -> int:
        """Channels of the input blob this makes: 1 for gray, else 3."""
        return 1 if self.colour_order == "gray" else 3

    @property
    def digest(self) -> str:
        """SHA-256 over all that changes the result, a mean image's content included."""
        document = asdict(self)
        if self.mean_image is not None:
            document["mean_image"] = hashlib.sha256(_mean_image(self.mean_image).tobytes())
            document["mean_image"] = document["mean_image"].hexdigest()
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        """Make the input of one image.

        rgb: (height, width, 3) uint8. Returns (channels, height, width) float32, contiguous.
        Raises ImageError if the mean image does not fit or the picture is too large.
        """
        sizing = self.sizing(rgb.shape[1], rgb.shape[0])
        values = _resized(rgb, sizing, self).astype(np.float32)
        values = values.transpose(2, 0, 1)
        if self.colour_order == "BGR":
            values = values[::-1]
        values = (values - self._mean_values(sizing)) * np.float32(self.scale)
        return np.ascontiguousarray(sizing.padded(values), dtype=np.float32)

    def read(self, path: Path) -> np.ndarray:
        """Decode an image file and apply; (channels, height, width) float32. Raises ImageError."""
        return self.apply(decode_image(path, exif=self.exif))

    def sizing(self, width: int, height: int) -> Sizing:
        """Resized size, crop and padding for a picture of width x height. Raises ImageError."""
        return plan_size(self.size_policy, width, height, self)

    def output_shape(self, width: int, height: int) -> tuple[int, int, int]:
        """(channels, height, width) of the input made of a picture of width x height."""
        sizing = self.sizing(width, height)
        return self.n_channels, sizing.output_height, sizing.output_width

    def describe(self) -> str:
        """The recipe in one line."""
        parts = [self._describe_size(), self.interpolation, self._describe_mean()]
        if self.scale != 1.0:
            parts.append(f"times {self.scale:g}")
        parts.append("EXIF turned" if self.exif else "EXIF ignored")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary, with the versions of what decodes under "made_with"."""
        return {**asdict(self), "mean": list(self.mean), "made_with": decoder_versions()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Preprocess:
        """The inverse of to_json. Raises ImageError for a wrong or unknown field."""
        known = {field.name for field in fields(cls)}
        values = {k: v for k, v in document.items() if k != "made_with"}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ImageError(f"A preprocessing recipe has no field '{unknown[0]}'.")
        try:
            values["mean"] = tuple(float(v) for v in values.get("mean", ()))
        except (TypeError, ValueError) as error:
            raise ImageError("The mean of a preprocessing recipe is a list of numbers.") from error
        return cls(**values)

    def _mean_values(self, sizing: Sizing) -> np.ndarray:
        """The mean in the order of the channels: (channels or 1, height or 1, width or 1)."""
        if self.mean_image is None:
            mean = np.asarray(self.mean or (0.0,), dtype=np.float32)[:, None, None]
        else:
            mean = sizing.crop_mean(_mean_image(self.mean_image), self.mean_image)
        if mean.shape[0] not in (1, self.n_channels):
            raise ImageError(
                f"The mean has {mean.shape[0]} channels, the input has {self.n_channels}."
            )
        return mean[::-1] if self.colour_order == "RGB" else mean

    def _describe_size(self) -> str:
        target = f"{self.width} x {self.height}"
        return {
            "warp": f"warp to {target}",
            "warp, centre crop": f"warp to {self.side} x {self.side}, centre crop {target}",
            "shorter side, centre crop": f"shorter side {self.side}, centre crop {target}",
            "longest side": f"longest side {'' if self.enlarge else 'at most '}{self.side}",
            "original": "original size",
            "pad": f"fit and pad to {target}",
        }[self.size_policy]

    def _describe_mean(self) -> str:
        if self.mean_image is not None:
            return f"{self.colour_order} minus {self._describe_mean_image(self.mean_image)}"
        if not self.mean:
            return self.colour_order
        mean = self.mean[::-1] if self.colour_order == "RGB" else self.mean
        return f"{self.colour_order} minus {', '.join(f'{v:g}' for v in mean)}"

    def _describe_mean_image(self, path: str) -> str:
        """The file and, where the size of pictures is fixed, which part of it is subtracted."""
        name = Path(path).name
        if self.size_policy not in ("warp", "warp, centre crop"):
            return name
        try:
            mean = _mean_image(path)
        except ImageError as error:
            return f"{name} ({error.sentence})"
        sizing = self.sizing(self.width, self.height)
        cut = sizing.output_height, sizing.output_width
        fit = describe_mean_fit(mean, (sizing.height, sizing.width), cut)
        return f"{name} ({fit})" if fit else name


def _resized(rgb: np.ndarray, sizing: Sizing, recipe: Preprocess) -> np.ndarray:
    """Resized and cropped picture, (height, width, channels) uint8."""
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    if recipe.colour_order == "gray":
        picture = picture.convert("L")
    size = (sizing.width, sizing.height)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling[recipe.interpolation.upper()])
    values = np.asarray(picture)
    return sizing.cropped(values[:, :, None] if values.ndim == 2 else values)


def _mean_image(path: str) -> np.ndarray:
    """The mean image of a file, read again only when the file has changed."""
    try:
        changed = Path(path).stat().st_mtime_ns
    except OSError:
        changed = 0
    return _mean_image_as_of(path, changed)


@lru_cache(maxsize=4)
def _mean_image_as_of(path: str, _changed: int) -> np.ndarray:
    return read_mean_image(Path(path))


def _check_recipe(recipe: Preprocess) -> None:
    """Raise ImageError with a sentence about the first wrong field."""
    choices = {
        "size_policy": get_args(SizePolicy),
        "interpolation": get_args(Interpolation),
        "colour_order": get_args(ColourOrder),
    }
    for name, allowed in choices.items():
        if getattr(recipe, name) not in allowed:
            raise ImageError(
                f"'{getattr(recipe, name)}' is no {name.replace('_', ' ')}.",
                hint=f"Choose one of: {'; '.join(allowed)}.",
            )
    for name in ("width", "height", "side"):
        value = getattr(recipe, name)
        if not isinstance(value, int) or not 1 <= value <= _MAX_SIDE:
            raise ImageError(f"The {name} must be a number of pixels from 1 to {_MAX_SIDE}.")
    for name in ("exif", "enlarge"):
        if not isinstance(getattr(recipe, name), bool):
            raise ImageError(f"'{name}' of a preprocessing recipe is true or false.")
    if not isinstance(recipe.mean_image, str | None):
        raise ImageError("The mean image of a preprocessing recipe is the path of a file.")
    if len(recipe.mean) not in (0, 1, recipe.n_channels):
        raise ImageError(
            f"The mean has {len(recipe.mean)} values for {recipe.n_channels} channels.",
            hint="Give none, one, or one for each channel in the order B, G, R.",
        )
    if not isinstance(recipe.scale, int | float) or recipe.scale == 0:
        raise ImageError("The scale of a preprocessing recipe is a number other than 0.")
    if not all(np.isfinite((*recipe.mean, recipe.scale))):
        raise ImageError("Mean and scale must be finite numbers.")
    is_crop = recipe.size_policy.endswith("centre crop")
    if is_crop and max(recipe.width, recipe.height) > recipe.side:
        raise ImageError(
            f"A crop of {recipe.width} x {recipe.height} does not fit into side {recipe.side}."
        )
