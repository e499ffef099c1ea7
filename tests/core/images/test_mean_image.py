"""Mean files in every spelling, against real Caffe's readers and its data layer."""

from __future__ import annotations

import base64
import io
import json
import struct
import subprocess
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images.mean_image import describe_mean_fit, read_mean_image
from core.images.preprocess import Preprocess

Material = Callable[[str], Path]
READ = r"""
import base64, json, os, sys, tempfile
import numpy as np
import caffe
from caffe.proto import caffe_pb2
sent = json.load(sys.stdin)
answers = {}
for name, raw in sent["blobs"].items():
    blob = caffe_pb2.BlobProto()
    blob.ParseFromString(base64.b64decode(raw))
    if blob.data:  # caffe.io reads no double_data, the data layer does
        answers[name] = caffe.io.blobproto_to_array(blob).tolist()
folder = tempfile.mkdtemp()
def put(name, raw):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(base64.b64decode(raw))
    return os.path.join(folder, name)
picture = put("picture.png", sent["picture"])
listed = put("list.txt", base64.b64encode((picture + " 0\n").encode()))
for name in sent["layers"]:
    text = ('layer { name: "d" type: "ImageData" top: "d" top: "l" image_data_param '
            '{ source: "%s" batch_size: 1 } transform_param { crop_size: %d mean_file: "%s" } }'
            % (listed, sent["crop"], put(name, sent["blobs"][name])))
    net_path = put("net.prototxt", base64.b64encode(text.encode()))
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.close(read_end)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        net = caffe.Net(net_path, caffe.TEST)
        net.forward()
        with os.fdopen(write_end, "w") as pipe:
            json.dump(net.blobs["d"].data[0].tolist(), pipe)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    os.wait()
    answers["layer " + name] = json.loads(text) if text else None
print(json.dumps(answers))
"""


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, payload: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def floats(values: np.ndarray) -> bytes:
    return field(5, values.astype("<f4").tobytes())


def doubles(values: np.ndarray) -> bytes:
    return field(8, values.astype("<f8").tobytes())


def unpacked(values: np.ndarray) -> bytes:
    return b"".join(b"\x2d" + struct.pack("<f", value) for value in values.ravel())


def legacy(*sizes: int) -> bytes:
    return b"".join(varint(i + 1 << 3) + varint(size) for i, size in enumerate(sizes))


def shape(*sizes: int) -> bytes:
    return field(7, field(1, b"".join(varint(size) for size in sizes)))


def ramp(*sizes: int) -> np.ndarray:
    return np.arange(np.prod(sizes), dtype=np.float32).reshape(sizes) / 7


SIX = ramp(3, 6, 6)
BLOBS = {
    "as compute_image_mean writes": legacy(1, 3, 6, 6) + floats(SIX),
    "shape": shape(1, 3, 6, 6) + floats(SIX),
    "shape of three axes": shape(3, 6, 6) + floats(SIX),
    "unpacked": legacy(1, 3, 6, 6) + unpacked(SIX),
    "pieces": floats(SIX[:1]) + unpacked(SIX[1]) + legacy(1, 3, 6, 6) + floats(SIX[2]),
    "legacy beats shape": shape(9, 9) + legacy(1, 3, 6, 6) + floats(SIX),
    "gray": legacy(1, 1, 6, 6) + floats(SIX[:1]),
}
LARGER = legacy(1, 3, 8, 8) + floats(ramp(3, 8, 8))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mean.binaryproto"


def test_blobs_are_read_as_by_caffe_io_and_subtracted_as_by_its_data_layer(
    caffe_python: tuple[str, ...], path: Path
) -> None:
    rgb = np.random.default_rng(4).integers(0, 256, (6, 6, 3), np.uint8)
    png = io.BytesIO()
    Image.fromarray(rgb).save(png, "PNG")
    layers = ["as compute_image_mean writes", "larger", "double"]
    blobs = BLOBS | {"larger": LARGER, "double": shape(1, 3, 6, 6) + doubles(SIX)}
    sent = {
        "blobs": {name: base64.b64encode(raw).decode() for name, raw in blobs.items()},
        "picture": base64.b64encode(png.getvalue()).decode(),
        "layers": layers,
        "crop": 4,
    }
    done = subprocess.run(
        [*caffe_python, "-c", READ], input=json.dumps(sent), capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = json.loads(done.stdout)
    for name, raw in BLOBS.items():
        path.write_bytes(raw)
        found, wanted = read_mean_image(path), np.array(answers[name], np.float32)
        np.testing.assert_array_equal(found, wanted.reshape(wanted.shape[-3:]), name)
    recipe = Preprocess("warp, centre crop", 4, 4, side=6, mean_image=str(path))
    for name in ("as compute_image_mean writes", "double"):
        path.write_bytes(blobs[name])
        wanted = np.array(answers[f"layer {name}"], np.float32)
        np.testing.assert_allclose(recipe.apply(rgb), wanted, rtol=0, atol=2e-5)
    assert answers["layer larger"] is None  # Caffe's layer refuses what describe() says it does
    path.write_bytes(LARGER)
    assert "the middle 4 x 4 of 8 x 8; Caffe's data layers refuse it" in recipe.describe()


def test_double_values(path: Path) -> None:
    path.write_bytes(shape(1, 3, 6, 6) + doubles(SIX) + floats(SIX[:1]))
    np.testing.assert_array_equal(read_mean_image(path), SIX)


def test_mean_binaryproto_is_mean_npy(material: Material) -> None:
    found = read_mean_image(material("micro/extras/mean.binaryproto"))
    wanted = np.load(material("micro/extras/mean.npy"))
    np.testing.assert_array_equal(found, wanted.reshape(found.shape))
    np.testing.assert_array_equal(read_mean_image(material("micro/extras/mean.npy")), found)


@pytest.mark.parametrize(
    "array",
    [
        SIX,
        SIX[None],
        SIX.transpose(1, 2, 0),
        SIX.transpose(1, 2, 0)[None],
        SIX.astype("<f8"),
        SIX.astype(">f4"),
        np.asfortranarray(SIX),
    ],
    ids=["CHW", "1CHW", "HWC", "1HWC", "double", "big-endian", "Fortran order"],
)
def test_npy_axes(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "mean.npy", array)
    found = read_mean_image(tmp_path / "mean.npy")
    np.testing.assert_array_equal(found, SIX)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous


def test_npy_of_channel_values_fits_any_picture(tmp_path: Path) -> None:
    path = tmp_path / "mean.npy"
    for array in (np.array([104.0, 117.0, 123.0]), np.array([[104], [117], [123]])[:, :, None]):
        np.save(path, array)
        assert read_mean_image(path).ravel().tolist() == [104, 117, 123]
        recipe = Preprocess("warp", 4, 5, mean_image=str(path))
        values = recipe.apply(np.full((9, 9, 3), 130, np.uint8))
        assert values.shape == (3, 5, 4)
        assert values[:, 0, 0].tolist() == [26, 13, 7]
        red_first = replace(recipe, colour_order="RGB").apply(np.full((9, 9, 3), 130, np.uint8))
        assert red_first[:, 0, 0].tolist() == [7, 13, 26]
        assert "mean.npy (one value a channel)" in recipe.describe()


def test_npy_written_by_python_2_on_windows(tmp_path: Path) -> None:
    path = tmp_path / "mean.npy"
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 6L, 6L), }"
    path.write_bytes(npy(header, SIX.tobytes()))
    np.testing.assert_array_equal(read_mean_image(path), SIX)


def test_one_plane_is_gray(tmp_path: Path) -> None:
    np.save(tmp_path / "mean.npy", SIX[0])
    assert read_mean_image(tmp_path / "mean.npy").shape == (1, 6, 6)


def test_what_is_subtracted_is_said() -> None:
    mean = np.zeros((3, 256, 256), np.float32)
    assert describe_mean_fit(mean, (256, 256), (256, 256)) == ""
    assert describe_mean_fit(mean, (256, 256), (227, 224)) == "the middle 224 x 227 of 256 x 256"
    assert describe_mean_fit(mean, (224, 224), (224, 224)) == (
        "the middle 224 x 224 of 256 x 256; Caffe's data layers refuse it for pictures of 224 x 224"
    )


def test_a_file_that_is_gone_is_said_in_the_recipe_too(tmp_path: Path) -> None:
    recipe = Preprocess("warp", 4, 4, mean_image=str(tmp_path / "gone.npy"))
    assert "can't be read" in recipe.describe()


def npy(header: str, body: bytes = b"") -> bytes:
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no mean image"),
    "text": (b"hello", "no mean image"),
    "cut off": (BLOBS["shape"][:-3], "no mean image"),
    "no values": (legacy(1, 3, 6, 6), "no mean image"),
    "fewer values": (legacy(1, 3, 6, 6) + floats(SIX[:2]), "no mean image"),
    "sizes left out": (b"\x10\x03" + floats(SIX[0, 0, :3]), "no mean image"),
    "impossible": (legacy(1, 3, 2**31 - 1, 2**31 - 1) + floats(SIX), "no mean image"),
    "two images": (legacy(2, 3, 6, 6) + floats(ramp(2, 3, 6, 6)), "shape"),
    "five channels": (legacy(1, 5, 6, 6) + floats(ramp(5, 6, 6)), "shape"),
    "not a number": (legacy(1, 1, 1, 1) + floats(np.array([np.nan])), "no finite numbers"),
    "too large a number": (legacy(1, 1, 1, 1) + doubles(np.array([1e300])), "no finite numbers"),
    "MATLAB": (b"MATLAB 5.0 MAT-file", "is a MATLAB file"),
    "MATLAB 7.3": (b"\x89HDF\r\n\x1a\n", "HDF5"),
    "zip": (b"PK\x03\x04", "zip"),
    "page": (b"<!DOCTYPE html>", "web page"),
    "npy without a header": (b"\x93NUMPY\x01\x00\xff\xff{", "no mean image"),
    "npy of no array": (npy("'descr'"), "no mean image"),
    "npy of objects": (
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", b"\x80\x04." * 3),
        "no mean image",
    ),
    "npy that claims a terabyte": (
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 500000, 200000)}"),
        "no mean image",
    ),
    "npy that claims more than there is": (
        npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': (3, {2**63}, {2**63})}}"),
        "no mean image",
    ),
    "npy of a negative size": (
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", b"0000"),
        "no mean image",
    ),
    "npy of text": (
        npy("{'descr': '<U1', 'fortran_order': False, 'shape': (3,)}", b"0000" * 3), "shape",
    ),
    "npy with a header of 4 GB": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "no mean image"),
    "npy nested deep": (npy("(" * 5000), "no mean image"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("ending", ["mean.binaryproto", "mean.npy"])
def test_no_mean_image(tmp_path: Path, name: str, ending: str) -> None:
    raw, words = REFUSED[name]
    (tmp_path / ending).write_bytes(raw)
    with pytest.raises(ImageError, match=words):
        read_mean_image(tmp_path / ending)


def test_no_file(tmp_path: Path) -> None:
    for name in ("gone.npy", "."):
        with pytest.raises(ImageError, match="can't be read"):
            read_mean_image(tmp_path / name)


def test_a_header_that_claims_4_gb_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mean.npy"
    path.write_bytes(REFUSED["npy with a header of 4 GB"][0])
    tracemalloc.start()
    with pytest.raises(ImageError):
        read_mean_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    ran: list[Any] = []

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return ran.append, (1,)

    np.save(tmp_path / "mean.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(ImageError):
        read_mean_image(tmp_path / "mean.npy")
    assert ran == []
