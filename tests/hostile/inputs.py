"""Hostile inputs: those of the test material, and one of each kind that is made here."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from PIL import Image

FILES = (
    "array_header_huge.npy", "deep.preprocess.json", "eps/17_eps_named.jpg", "eps/gs_error.jpg",
    "eps/gs_loop.jpg", "eps/writes_file_in_tmp.jpg", "fuzz/origin_1_1/origin.json",
    "fuzz/origin_1_3/origin.json", "fuzz/proto_11_1/p.prototxt",
    "fuzz/recipe_1_2/r.preprocess.json", "fuzz/report_1_1/v.verification.json",
    *(f"hostile/{name}.prototxt" for name in (
        "cyc d0 d10054739 d3318867 d435530 d436002 d441177 d446097 d468861 dd dec deep2 h16 h6 "
        "huge interp ip kp m4 m8 no pad s tile w"
    ).split()),
    "net.preprocess.json", "ph.prototxt", "richtext/layer_fifo_freeze.prototxt",
    "richtext/layer_img.prototxt", "settings_pickle.ini",
)  # fmt: skip
"""Every file of `hostile` in the test material."""

PLAIN_NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""
_SIZED = """layer {{ name: "data" type: "Input" top: "data"
  input_param {{ shape {{ dim: 1 dim: 3 dim: {0} dim: {0} }} }} }}
layer {{ name: "c" type: "Convolution" bottom: "data" top: "c"
  convolution_param {{ num_output: {1} kernel_size: {2} }} }}
"""
_POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 20 20
%%EndComments
(made-by-a-picture) (w) file dup (x) writestring closefile
{} loop
"""
_NPY_HEADER = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4000000, 1000000), }"


def _written(name: str, content: str | bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _png_of_many_pixels(folder: Path) -> Path:
    path = folder / "many.png"
    Image.new("1", (40_000, 40_000)).save(path)
    return path


MADE: dict[str, Callable[[Path], Path]] = {
    "a cycle": _written(
        "cycle.prototxt",
        'layer { name: "a" type: "ReLU" bottom: "b" top: "a" }'
        ' layer { name: "b" type: "ReLU" bottom: "a" top: "b" }',
    ),
    "sizes of zero": _written("zero.prototxt", _SIZED.format(0, 0, 0)),
    "huge sizes": _written("huge.prototxt", _SIZED.format(10**9, 10**9, 3)),
    "sizes beyond every type": _written("beyond.prototxt", _SIZED.format("9" * 400, 3, 3)),
    "deep braces": _written("deep.prototxt", "a {" * 100_000),
    "names that are markup": _written(
        "markup.prototxt", PLAIN_NET.replace('"conv"', '"<img src=pipe.png><h1>a & b"')
    ),
    "names that steer a terminal": _written(
        "terminal.prototxt", PLAIN_NET.replace('"conv"', '"\x1b]0;title\x07\x1b[2J"')
    ),
    "one name three times": _written(
        "thrice.prototxt",
        'layer { name: "d" type: "InnerProduct" top: "d" bottom: "d" top: "d"'
        " inner_product_param { num_output: 5 transpose: true } }",
    ),
    "values of one phase": _written(
        "phases.prototxt",
        PLAIN_NET
        + 'layer { name: "t" type: "Power" bottom: "conv" top: "conv" include { phase: TRAIN } '
        "power_param { scale: 3 } }",
    ),
    "many layers in place": _written(
        "many.prototxt",
        PLAIN_NET
        + "".join(
            f'layer {{ name: "r{i}" type: "ReLU" bottom: "conv" top: "conv" }}\n'
            for i in range(3000)
        ),
    ),
    "bytes that are no text": _written("bytes.prototxt", bytes(range(256)) * 40),
    "a device as the mean": _written(
        "device.preprocess.json",
        '{"size_policy":"warp","width":8,"height":8,"mean_image":"/dev/zero"}',
    ),
    "a deep recipe": _written("deep.preprocess.json", "[" * 200_000),
    "a recipe of wrong types": _written(
        "types.preprocess.json", '{"width": 1e400, "height": {}, "mean": "x", "scale": [[]]}'
    ),
    "a deep report": _written("deep.verification.json", '{"a":' * 100_000),
    "a report of wrong types": _written(
        "types.verification.json", '{"schema": 1e400, "identical": [], "engine": 3}'
    ),
    "a deep origin": _written("origin.json", "[" * 200_000),
    "PostScript named .jpg": _written("loop.jpg", _POSTSCRIPT),
    "many pixels in few bytes": _png_of_many_pixels,
    "a header of 16 TB": _written(
        "huge.npy",
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(_NPY_HEADER)) + _NPY_HEADER + b"\0" * 16,
    ),
    "a pickle in the settings": _written(
        "settings.ini",
        "[recent]\nmodels=@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\xePyQt_PyObject\\0\\0\\0\\0\\x41\\x80)\n",
    ),
}
"""By kind: writes one into a folder and returns its path."""


def copied(source: Path, folder: Path) -> Path:
    """A copy of a file of the material."""
    return Path(shutil.copy(source, folder / source.name))
