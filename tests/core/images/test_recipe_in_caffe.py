"""Recipes read from data layers, against what real Caffe feeds its net from the same files."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images.prepared import read_image
from core.images.recipe_choice import choose_recipe
from core.layers.shapes import infer_shapes
from core.net.reader import read_net

RUN = r"""
import base64, io, json, os, sys, tempfile
import numpy as np
import caffe
sent = json.load(sys.stdin)
os.chdir(tempfile.mkdtemp())
for name, raw in sent["files"].items():
    with open(name, "wb") as file:
        file.write(base64.b64decode(raw))
answers = {}
for key, (name, text) in sent["cases"].items():
    with open("list.txt", "w") as file:
        file.write(name + " 0\n")
    with open("net.prototxt", "w") as file:
        file.write(text)
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.close(read_end)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        net = caffe.Net("net.prototxt", caffe.TEST)
        net.forward()
        npy = io.BytesIO()
        np.save(npy, net.blobs["data"].data[0])
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(npy.getvalue())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        answers[key] = base64.b64encode(pipe.read()).decode()
    os.wait()
print(json.dumps(answers))
"""
LAYER = """layer { name: "data" type: "ImageData" top: "data" top: "label"
  transform_param { %s } image_data_param { source: "list.txt" batch_size: 1 %s } }"""
V1_LAYER = """layers { name: "data" type: IMAGE_DATA top: "data" top: "label"
  image_data_param { source: "list.txt" batch_size: 1 %s %s } }"""
MEANS = "mean_value: 103.94 mean_value: 116.78 mean_value: 123.68"
CASES: dict[str, tuple[str, str]] = {
    "as stored": ("rgb.png", LAYER % ("", "")),
    "a JPEG": ("rgb.jpg", LAYER % ("", "")),
    "turned by EXIF": ("turned.jpg", LAYER % ("", "")),
    "alpha is dropped": ("rgba.png", LAYER % (MEANS, "")),
    "grey file in colour": ("grey.png", LAYER % ("mean_value: 100", "")),
    "16 bits": ("sixteen.png", LAYER % ("", "")),
    "palette": ("palette.png", LAYER % ("", "")),
    "is_color false": ("grey.png", LAYER % ("mean_value: 7 scale: 0.5", "is_color: false")),
    "force_gray is not for files": ("rgb.png", LAYER % ("force_gray: true", "")),
    "odd crop": ("rgb.png", LAYER % (f"crop_size: 31 scale: 0.017 {MEANS}", "")),
    "even crop, one mean": ("rgb.png", LAYER % ("crop_size: 32 mean_value: 100", "")),
    "negative scale": ("rgb.png", LAYER % ("scale: -2", "")),
    "resized down": ("rgb.png", LAYER % ("", "new_height: 20 new_width: 33")),
    "resized up": ("rgb.png", LAYER % ("scale: 0.00390625", "new_height: 99 new_width: 81")),
    "halved": ("rgb.png", LAYER % ("", "new_height: 25 new_width: 35")),
    "resized, cropped": ("rgb.png", LAYER % ("crop_size: 32", "new_height: 41 new_width: 60")),
    "mean file": ("rgb.png", LAYER % ('mean_file: "mean.binaryproto"', "")),
    "mean file, cropped, scaled": (
        "rgb.png", LAYER % ('mean_file: "mean.binaryproto" crop_size: 27 scale: 0.1', ""),
    ),
    "mean file, resized": (
        "other.png",
        LAYER % ('mean_file: "mean.binaryproto" crop_size: 27', "new_height: 50 new_width: 70"),
    ),
    "V1 fields": ("rgb.png", V1_LAYER % ("scale: 0.5 crop_size: 30", "")),
    "V1 mean file": (
        "rgb.png", V1_LAYER % ('mean_file: "mean.binaryproto" crop_size: 30 mirror: false', ""),
    ),
}  # fmt: skip
TOO_SMALL = ("rgb.png", LAYER % ("crop_size: 64", ""))


def photo(width: int, height: int, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 6, width // 6, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def files() -> dict[str, bytes]:
    """The pictures, all of 70 x 50 but one, and a mean of their size."""
    rng, picture = np.random.default_rng(3), photo(70, 50, 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    with_alpha = picture.convert("RGBA")
    with_alpha.putalpha(Image.fromarray(rng.integers(0, 256, (50, 70), dtype=np.uint8)))
    deep = Image.fromarray(rng.integers(0, 65536, (50, 70)).astype(np.uint16))
    made: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "rgb.png": (picture, {}),
        "rgb.jpg": (picture, {"quality": 90}),
        "turned.jpg": (picture, {"exif": exif}),
        "rgba.png": (with_alpha, {}),
        "grey.png": (picture.convert("L"), {}),
        "sixteen.png": (deep, {}),
        "palette.png": (picture.quantize(64), {}),
        "other.png": (photo(90, 110, 2), {}),
    }
    found = {}
    for name, (image, options) in made.items():
        file = io.BytesIO()
        image.save(file, "PNG" if name.endswith("png") else "JPEG", **options)
        found[name] = file.getvalue()
    mean = rng.uniform(60, 180, (3, 50, 70)).astype("<f4").tobytes()
    # BlobProto: num, channels, height, width, then packed floats
    size = b"".join(b"%c%c" % (8 * (i + 1), n) for i, n in enumerate((1, 3, 50, 70)))
    found["mean.binaryproto"] = size + b"\x2a" + varint(len(mean)) + mean
    return found


def varint(number: int) -> bytes:
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])


@pytest.fixture(scope="module")
def in_caffe(caffe_python: tuple[str, ...]) -> dict[str, np.ndarray | None]:
    """What real Caffe feeds its net in each case; None where it refuses."""
    raw = {name: base64.b64encode(content).decode() for name, content in files().items()}
    done = subprocess.run(
        [*caffe_python, "-c", RUN],
        input=json.dumps({"files": raw, "cases": {**CASES, "too small": TOO_SMALL}}),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = {key: base64.b64decode(text) for key, text in json.loads(done.stdout).items()}
    return {key: np.load(io.BytesIO(npy)) if npy else None for key, npy in answers.items()}


@pytest.mark.parametrize("case", CASES)
def test_the_input_is_that_of_real_caffe(
    tmp_path: Path, in_caffe: dict[str, np.ndarray | None], case: str
) -> None:
    for name, content in files().items():
        (tmp_path / name).write_bytes(content)
    picture, text = CASES[case]
    net = read_net(text)
    chosen = choose_recipe(net, infer_shapes(net), tmp_path / "net.prototxt")
    assert chosen.origin == "the net's transform_param"
    wanted = in_caffe[case]
    assert wanted is not None
    found = read_image(tmp_path / picture, chosen.recipe)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)


def test_a_picture_smaller_than_the_crop_is_refused_by_both(
    tmp_path: Path, in_caffe: dict[str, np.ndarray | None]
) -> None:
    assert in_caffe["too small"] is None
    (tmp_path / "rgb.png").write_bytes(files()["rgb.png"])
    net = read_net(TOO_SMALL[1])
    chosen = choose_recipe(net, infer_shapes(net), tmp_path / "net.prototxt")
    with pytest.raises(ImageError, match="70 x 50 pixels are too small for the crop of 64 x 64"):
        read_image(tmp_path / "rgb.png", chosen.recipe)


def test_reported_net(material: Callable[[str], Path]) -> None:
    folder = material("reports/transform_param_ignored")
    net = read_net((folder / "net.prototxt").read_text())
    chosen = choose_recipe(net, infer_shapes(net), folder / "net.prototxt")
    assert chosen.origin == "the net's transform_param"
    with np.load(folder / "real_caffe.npz") as real:
        for row, wanted in enumerate(real["data:data"]):
            found = read_image(folder / f"images/{row}.png", chosen.recipe)
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
