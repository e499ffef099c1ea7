"""Preprocessing presets by the convention they come from, and recipes kept beside a prototxt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from core.errors import AppError, ImageError
from core.files import path_named_after, write_file
from core.images.preprocess import Preprocess, colour_order_of
from core.images.transform_param import MEAN_OF_ILSVRC12
from core.reading import read_file
from core.typed_json import parse_json

_MOST_RECIPE_BYTES = 1 << 20
VGG_MEAN = (103.939, 116.779, 123.68)
CAFFENET_MEAN = MEAN_OF_ILSVRC12
# The averages of KaimingHe/deep-residual-networks' ResNet_mean.binaryproto.
RESNET_MEAN = (103.0626238, 115.90288257, 123.15163084)
# None of these published conventions turns pictures by EXIF.
PRESETS: dict[str, Preprocess] = {
    "VGG / Caffe BGR mean 103.939,116.779,123.68: shorter side 256, centre crop 224": Preprocess(
        "shorter side, centre crop", 224, 224, 256, mean=VGG_MEAN, exif=False
    ),
    "CaffeNet: warp 256, centre crop 227, mean 104.007,116.669,122.679": Preprocess(
        "warp, centre crop", 227, 227, 256, mean=CAFFENET_MEAN, exif=False
    ),
    "warp 224 (fc features), mean 104.007,116.669,122.679": Preprocess(
        "warp", 224, 224, mean=CAFFENET_MEAN, exif=False
    ),
    "SqueezeNet: warp 227, bilinear, BGR mean 104,117,123": Preprocess(
        "warp", 227, 227, mean=(104.0, 117.0, 123.0), exif=False
    ),
    "original size (CroW, R-MAC), mean 104.007,116.669,122.679": Preprocess(
        "original", mean=CAFFENET_MEAN, exif=False
    ),
    "longest side 1024, never enlarged, VGG mean": Preprocess(
        "longest side", side=1024, mean=VGG_MEAN, exif=False
    ),
    "longest side 800 (Gordo), VGG mean": Preprocess(
        "longest side", side=800, mean=VGG_MEAN, exif=False, enlarge=True
    ),
    "shorter side 256, centre crop 224, mean 104,116,124 (PyRetri)": Preprocess(
        "shorter side, centre crop", 224, 224, 256, mean=(104.0, 116.0, 124.0), exif=False
    ),
    "LeNet: grey, warp 28, scale 1/256": Preprocess(
        "warp", 28, 28, colour_order="gray", scale=1.0 / 256.0, exif=False
    ),
    # BVLC/caffe models/bvlc_googlenet/train_val.prototxt, resized as examples/imagenet does
    "GoogLeNet: warp 256, centre crop 224, mean 104,117,123": Preprocess(
        "warp, centre crop", 224, 224, 256, mean=(104.0, 117.0, 123.0), exif=False
    ),
    # KaimingHe/deep-residual-networks, README, "Disclaimer and known issues"
    "ResNet: shorter side 256, centre crop 224, mean 103.063,115.903,123.152": Preprocess(
        "shorter side, centre crop", 224, 224, 256, mean=RESNET_MEAN, exif=False
    ),
    # hujie-frank/SENet, README, "Implementation"
    "SENet: shorter side 256, centre crop 224, mean 104,117,123": Preprocess(
        "shorter side, centre crop", 224, 224, 256, mean=(104.0, 117.0, 123.0), exif=False
    ),
    # shicai/MobileNet-Caffe and shicai/DenseNet-Caffe, README; farmingyard/ShuffleNet
    "MobileNet, DenseNet, ShuffleNet: shorter side 256, centre crop 224, scale 0.017": Preprocess(
        "shorter side, centre crop", 224, 224, 256, mean=(103.94, 116.78, 123.68), scale=0.017,
        exif=False,
    ),
    # weiliu89/caffe (SSD) examples/ssd/ssd_pascal.py
    "SSD: warp 300, mean 104,117,123": Preprocess(
        "warp", 300, 300, mean=(104.0, 117.0, 123.0), exif=False
    ),
    # chuanqi305/MobileNet-SSD demo.py and template/MobileNetSSD_test_template.prototxt
    "SSD with MobileNet: warp 300, mean 127.5, scale 1/127.5": Preprocess(
        "warp", 300, 300, mean=(127.5,), scale=0.007843, exif=False
    ),
}  # fmt: skip
SQUEEZENET = PRESETS["SqueezeNet: warp 227, bilinear, BGR mean 104,117,123"]


def default_preprocess(input_shape: Sequence[int]) -> Preprocess:
    """Warp to the input of a net, upright; BGR minus the ImageNet mean, or other channels as read.

    input_shape: (n_images, channels, height, width). Raises ImageError for an input that takes no
    pictures.
    """
    if len(input_shape) != 4 or min(input_shape[1:]) < 1:
        shape = " x ".join(str(size) for size in input_shape)
        raise ImageError(
            f"An input of {shape or 'unknown size'} takes no picture.",
            hint="Pictures need n x channels x height x width with 1 to 4 channels.",
        )
    _, n_channels, height, width = input_shape
    order = colour_order_of(n_channels)
    mean = CAFFENET_MEAN if n_channels == 3 else ()
    return Preprocess("warp", width, height, colour_order=order, mean=mean)


def recipe_path(prototxt: Path) -> Path:
    """Where the recipe of a prototxt is kept: vgg16.prototxt has vgg16.preprocess.json."""
    return path_named_after(prototxt, prototxt.stem, ".preprocess.json")


def save_recipe(path: Path, recipe: Preprocess) -> None:
    """Write a recipe as JSON. Raises AppError when the disk refuses."""
    write_file(path, (json.dumps(recipe.to_json(), indent=2) + "\n").encode("utf-8"))


def load_recipe(path: Path) -> Preprocess:
    """Read a recipe; a relative mean image is found beside it. Raises ImageError."""
    content = read_file(path, _MOST_RECIPE_BYTES, what="The recipe", error=ImageError)
    try:
        document = parse_json(content, f"'{path.name}'")
    except AppError as error:
        raise ImageError(error.sentence, details=error.details) from error
    if not isinstance(document, dict):
        raise ImageError(f"'{path.name}' is no preprocessing recipe.")
    if isinstance(document.get("mean_image"), str):
        document["mean_image"] = str(path.parent / document["mean_image"])
    return Preprocess.from_json(document)
