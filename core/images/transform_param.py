"""The recipe that one data layer states in its transform_param and its own parameters.

After BVLC/caffe src/caffe/data_transformer.cpp and layers/{image_data,data,memory_data,
window_data}_layer.cpp; `resize_param` after weiliu89/caffe (SSD) src/caffe/util/im_transforms.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import ImageError
from core.files import is_plain_file
from core.images.mean_image import read_mean_image
from core.images.preprocess import Preprocess, colour_order_of
from core.net.definition import Layer
from core.net.message import Message

IMAGE_FILE_PARAMETERS = {
    "ImageData": "image_data_param",
    "DenseImageData": "dense_image_data_param",
}
"""Data layers that read image files themselves, with cv::imread."""

MEAN_OF_ILSVRC12 = (104.00698793, 116.66876762, 122.67891434)
"""The averages of Caffe's imagenet_mean.binaryproto, in B, G, R."""
_USUAL_CROPS = (224, 227)
_USUAL_SIDE = 256
_INTERPOLATIONS = {"NEAREST": "nearest", "LINEAR": "OpenCV bilinear", "AREA": "box",
                   "CUBIC": "bicubic", "LANCZOS4": "lanczos"}  # fmt: skip
# How cv::imread hands a picture to Caffe: turned by EXIF (from OpenCV 3.1 on), without its alpha.
_READ_BY_OPENCV = Preprocess(
    "original", interpolation="OpenCV bilinear", exif=True, transparency="dropped"
)


@dataclass(frozen=True)
class StatedRecipe:
    """What a file says of its input: the recipe, and sentences on what it leaves open.

    lacks_mean: the mean it names could not be read, and another one stands in the recipe.
    """

    recipe: Preprocess
    notes: tuple[str, ...] = ()
    lacks_mean: bool = False


@dataclass(frozen=True)
class Assumed:
    """What is taken where the file leaves something open.

    size: (height, width) of the input where it is known from elsewhere; n_channels: likewise.
    """

    size: tuple[int, int] | None = None
    n_channels: int | None = None
    mean: tuple[float, ...] = MEAN_OF_ILSVRC12


@dataclass(frozen=True)
class _Size:
    """The fields of a recipe that size a picture, and a note on what was assumed for them."""

    fields: dict[str, Any]
    note: str = ""


@dataclass(frozen=True)
class _Mean:
    """A mean as stated: values, or a file with the size (height, width) of its picture."""

    values: tuple[float, ...] = ()
    file: str | None = None
    size: tuple[int, int] | None = None
    n_channels: int | None = None
    note: str = ""
    is_guess: bool = False


def read_transform(
    layer: Layer, transform: Message, folder: Path | None, phase: str, assumed: Assumed
) -> StatedRecipe:
    """The recipe of a data layer.

    transform: its transform_param; folder: where the prototxt lies. Raises ImageError where the
    parameters contradict one another or do not tell what size a picture gets, PrototxtError for a
    value of the wrong kind.
    """
    mean = _read_mean(transform, folder, assumed)
    n_channels = _count_channels(layer, transform, mean, assumed)
    if mean.is_guess and n_channels == 1:
        mean = replace(mean, values=())
    size = _read_size(layer, transform, mean, assumed)
    recipe = replace(
        _READ_BY_OPENCV,
        colour_order=colour_order_of(n_channels),
        mean=mean.values,
        mean_image=mean.file,
        scale=_read_scale(layer, transform),
        **size.fields,
    )
    notes = (size.note, mean.note, *_describe_chance(transform, phase))
    return StatedRecipe(recipe, tuple(note for note in notes if note), mean.is_guess)


def _read_scale(layer: Layer, transform: Message) -> float:
    """WindowData has a scale of its own and passes over that of transform_param."""
    if layer.type == "WindowData":
        return layer.param("window_data_param").number("scale", 1.0)
    return transform.number("scale", 1.0)


def _count_channels(layer: Layer, transform: Message, mean: _Mean, assumed: Assumed) -> int:
    """Channels of the input; 3 where only a database knows."""
    if layer.type in IMAGE_FILE_PARAMETERS:
        param = layer.param(IMAGE_FILE_PARAMETERS[layer.type])
        return 3 if param.boolean("is_color", True) else 1
    if layer.type == "MemoryData":
        return layer.param("memory_data_param").integer("channels", 3)
    gray, colour = transform.boolean("force_gray"), transform.boolean("force_color")
    if gray and colour:
        raise ImageError("Its transform_param sets both force_color and force_gray.")
    if gray or colour:
        return 1 if gray else 3
    return mean.n_channels or assumed.n_channels or 3


def _read_size(layer: Layer, transform: Message, mean: _Mean, assumed: Assumed) -> _Size:
    crop = transform.integer("crop_size")
    if layer.type in IMAGE_FILE_PARAMETERS:
        return _size_of_files(layer.param(IMAGE_FILE_PARAMETERS[layer.type]), crop, mean)
    if layer.type == "WindowData":
        crop = crop or layer.param("window_data_param").integer("crop_size")
        note = "The whole picture is taken as one window; the lists of windows are not read."
        return _Size(_warp(crop, crop), note)
    resize = transform.message("resize_param")
    if resize.fields:
        return _resized_as_ssd(resize, crop)
    if layer.type == "MemoryData" and not crop:
        param = layer.param("memory_data_param")
        return _Size(_warp(param.integer("width"), param.integer("height")))
    return _size_of_records(crop, mean, assumed)


def _size_of_files(param: Message, crop: int, mean: _Mean) -> _Size:
    width, height = param.integer("new_width"), param.integer("new_height")
    if bool(width) != bool(height):
        raise ImageError("It sets only one of new_height and new_width, which Caffe refuses.")
    note = ""
    if not width and mean.size is not None:
        height, width = mean.size
        note = f"Pictures are warped to {width} x {height}: Caffe takes those of the mean's size."
    if not width:
        return _Size(_crop(crop) if crop else {"size_policy": "original"})
    return _Size(_warp_and_crop(width, height, crop), note)


def _size_of_records(crop: int, mean: _Mean, assumed: Assumed) -> _Size:
    """Of pictures that another program has resized before Caffe gets them."""
    if mean.size is not None:
        height, width = mean.size
        note = f"Pictures are warped to {width} x {height}, the size of its mean."
        return _Size(_warp_and_crop(width, height, crop), note)
    if assumed.size not in (None, (crop, crop)) or not crop:
        if assumed.size is None:
            raise ImageError("What size its pictures have is not in the file.")
        height, width = assumed.size
        return _Size(_warp(width, height))
    unknown = f"What size its pictures have before the crop of {crop} is not in the file"
    if crop in _USUAL_CROPS:
        side = _USUAL_SIDE
        note = f"{unknown}: {side} x {side} is taken, as in Caffe's examples."
        return _Size(_warp_and_crop(side, side, crop), note)
    return _Size(_warp(crop, crop), f"{unknown}: they are warped to the crop.")


def _resized_as_ssd(resize: Message, crop: int) -> _Size:
    width, height = resize.integer("width"), resize.integer("height")
    mode = resize.word("resize_mode", "WARP")
    words = resize.words("interp_mode")
    named = _INTERPOLATIONS.get(words[0]) if words else None
    interpolation = {"interpolation": named} if named else {}
    if mode in ("FIT_LARGE_SIZE_AND_PAD", "3"):
        note = "What is padded has the mean here, black in Caffe."
        return _Size({**_warp(width, height), **interpolation, "size_policy": "pad"}, note)
    known = mode in ("WARP", "1")
    note = "" if known else f"Its resize_mode {mode} is not known here: pictures are warped."
    return _Size({**_warp_and_crop(width, height, crop), **interpolation}, note)


def _warp_and_crop(width: int, height: int, crop: int) -> dict[str, Any]:
    if not crop or (width, height) == (crop, crop):
        return _warp(width, height)
    side_height = None if height == width else height
    return {**_crop(crop), "size_policy": "warp, centre crop", "side": width,
            "side_height": side_height}  # fmt: skip


def _warp(width: int, height: int) -> dict[str, Any]:
    return {"size_policy": "warp", "width": width, "height": height}


def _crop(crop: int) -> dict[str, Any]:
    return {"size_policy": "centre crop", "width": crop, "height": crop}


def _read_mean(transform: Message, folder: Path | None, assumed: Assumed) -> _Mean:
    values = transform.numbers("mean_value")
    written = transform.word("mean_file")
    if not written:
        n_channels = len(values) if len(values) > 1 else None
        return _Mean(values, n_channels=n_channels)
    if values:
        raise ImageError("It has both mean_file and mean_value, which Caffe refuses.")
    path = _find_mean_file(written, folder)
    try:
        if path is None:
            raise ImageError(f"Its mean_file '{written}' is not there.")
        mean = read_mean_image(path)
    except ImageError as error:
        shown = ", ".join(f"{value:g}" for value in assumed.mean)
        note = f"{error.sentence} {shown} is subtracted in its place where pictures have colours."
        return _Mean(assumed.mean, note=note, is_guess=True)
    size = mean.shape[1], mean.shape[2]
    known_size = None if size == (1, 1) else size
    return _Mean(file=str(path), size=known_size, n_channels=mean.shape[0])


def _find_mean_file(written: str, folder: Path | None) -> Path | None:
    """Caffe looks in the folder it is started in, mostly its own root, above the prototxt's."""
    path = Path(written)
    places = [] if folder is None else [folder, *folder.absolute().parents]
    candidates = [place / path for place in places] + [path]
    candidates += [] if folder is None else [folder / path.name]
    return next((candidate for candidate in candidates if is_plain_file(candidate)), None)


def _describe_chance(transform: Message, phase: str) -> tuple[str, ...]:
    notes = []
    if transform.boolean("mirror"):
        notes.append("Caffe mirrors half of the pictures at random; here none is.")
    if phase == "TRAIN" and transform.integer("crop_size"):
        notes.append("In the TRAIN phase Caffe crops at random; here from the middle.")
    return tuple(notes)
