"""Real Caffe and Blobscope accept the same weights files and load the same values from them."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import WeightsError
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.weights.binding import bind_weights
from core.weights.reader import open_weights

LOAD = r"""
import base64, json, os, sys, tempfile
import caffe
cases = json.load(sys.stdin)
folder = tempfile.mkdtemp()
results = {}
for name, (text, weights, ending) in sorted(cases.items()):
    path = os.path.join(folder, "case")
    with open(path + ".prototxt", "w") as file:
        file.write(text)
    with open(path + ending, "wb") as file:
        file.write(base64.b64decode(weights))
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        net = caffe.Net(path + ".prototxt", caffe.TEST)
        net.copy_from(path + ending)
        loaded = [[str(layer), [[list(b.shape), b.data.ravel().tolist()] for b in found.blobs]]
                  for layer, found in zip(net._layer_names, net.layers) if len(found.blobs)]
        with os.fdopen(write_end, "w") as pipe:
            json.dump(loaded, pipe)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    results[name] = json.loads(text) if status == 0 else None
print(json.dumps(results))
"""
INPUT = 'input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n'
FILLED = """num_output: %d weight_filler { type: "constant" value: 0.5 }
            bias_filler { type: "constant" value: 0.25 }"""
CONV = (
    'layer { name: "c" type: "Convolution" bottom: "x" top: "c"'
    f" convolution_param {{ {FILLED % 2} kernel_size: 1 }} }}\n"
)
FC = (
    'layer { name: "fc" type: "InnerProduct" bottom: "c" top: "fc"'
    f" inner_product_param {{ {FILLED % 2} }} }}\n"
)
NET = INPUT + CONV + 'layer { name: "r" type: "ReLU" bottom: "c" top: "c" }\n' + FC
SHARED = INPUT + "".join(
    f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}"'
    f' param {{ name: "w" }} param {{ name: "b" }}'
    f" convolution_param {{ {FILLED % 3} kernel_size: 1 }} }}\n"
    for name, bottom in (("a", "x"), ("b", "a"))
)
NORMALISED = INPUT + (
    'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "bn" }\n'
    'layer { name: "sc" type: "Scale" bottom: "bn" top: "bn" scale_param { bias_term: true } }\n'
    'layer { name: "p" type: "PReLU" bottom: "bn" top: "bn" prelu_param { channel_shared: true } }'
)
TWICE = (
    INPUT
    + CONV.replace("bottom", "include { phase: TRAIN } bottom").replace("_output: 2", "_output: 5")
    + CONV
)
SAME_NAME = INPUT + CONV + CONV.replace('top: "c"', 'top: "c2"')
SHARED_NAME = SHARED.replace('name: "b" type', 'name: "a" type')
PARTLY_SHARED = SHARED.replace(' param { name: "b" }', "")
NAMELESS = SAME_NAME.replace('name: "c" ', "", 1).replace('name: "c" ', 'name: "" ', 1)
OTHER_TYPE_FIRST = INPUT + 'layer { name: "c" type: "ReLU" bottom: "x" top: "r" }\n' + CONV
Case = tuple[str, bytes, str]
Loaded = list[tuple[str, list[tuple[list[int], list[float]]]]]


def blob(encoder: Any, *shape: int, value: float = 1.0) -> bytes:
    values = [value + i for i in range(int(np.prod(shape)))]
    return encoder.shape(*shape) + encoder.floats(5, *values)


def legacy(encoder: Any, *shape: int, value: float = 1.0) -> bytes:
    values = [value + i for i in range(int(np.prod(shape)))]
    return encoder.legacy(*shape) + encoder.floats(5, *values)


def binary_cases(e: Any) -> dict[str, Case]:
    """Files that differ in one respect each, encoded by hand."""
    w, b = blob(e, 2, 3, 1, 1), blob(e, 2, value=50)
    six, ends = range(1, 7), ".caffemodel"
    big = [float(i) for i in range(64)]

    def conv(*blobs: bytes) -> Case:
        return NET, e.layer("c", *blobs), ends

    def full(*blobs: bytes) -> Case:
        return NET, e.layer("fc", *blobs), ends

    cases = {
        "complete": (NET, e.layer("c", w, b) + e.layer("fc", blob(e, 2, 32), b), ends),
        "no layer fits": (NET, e.layer("other", w, b), ends),
        "only a name": (NET, e.data(1, "net"), ends),
        "count low": conv(w),
        "count high": conv(w, b, b),
        "no arrays for a layer with some": conv(),
        "arrays for a layer without": (NET, e.layer("r", b), ends),
        "wrong number of outputs": conv(blob(e, 4, 3, 1, 1), b),
        "same count, other shape": conv(blob(e, 3, 2, 1, 1), b),
        "fewer axes": conv(blob(e, 2, 3), b),
        "legacy": conv(legacy(e, 2, 3, 1, 1), legacy(e, 1, 1, 1, 2)),
        "legacy bias at the left": conv(legacy(e, 2, 3, 1, 1), legacy(e, 2, 1, 1, 1)),
        "legacy inner product": full(legacy(e, 1, 1, 2, 32), legacy(e, 1, 1, 1, 2)),
        "legacy inner product at the left": full(legacy(e, 2, 32, 1, 1), legacy(e, 1, 1, 1, 2)),
        "new style 1x1xNxK": full(blob(e, 1, 1, 2, 32), b),
        "new style NxK": full(blob(e, 2, 32), b),
        "legacy beats shape": conv(e.shape(9) + legacy(e, 2, 3, 1, 1), b),
        "wrong legacy beats right shape": conv(w + e.legacy(2, 3, 1, 2), b),
        "one legacy size of four": conv(w + e.number(1, 2), b),
        "legacy sizes left out are 0": conv(e.number(1, 2) + e.floats(5, *six), b),
        "double": conv(e.shape(2, 3, 1, 1) + e.doubles(8, *six), b),
        "double beats float": conv(w + e.doubles(8, *[0.125] * 6), b),
        "short double beside float": conv(w + e.doubles(8, 1.0), b),
        "double with a short float": conv(
            e.shape(2, 3, 1, 1) + e.floats(5, 1.0) + e.doubles(8, *six), b
        ),
        "empty double": conv(w + e.doubles(8), b),
        "unpacked": conv(e.shape(2, 3, 1, 1) + e.unpacked(5, *six), b),
        "pieces": conv(
            e.floats(5, 1, 2) + e.unpacked(5, 3) + e.shape(2, 3, 1, 1) + e.floats(5, 4, 5, 6), b
        ),
        "shape in pieces": conv(e.shape(2, 3) + e.floats(5, *six) + e.shape(1, 1), b),
        "unpacked shape": conv(
            e.data(7, b"".join(e.number(1, d) for d in (2, 3, 1, 1))) + e.floats(5, *six), b
        ),
        "empty shape": conv(e.data(7, b"") + e.floats(5, *six), b),
        "no shape": conv(e.floats(5, *six), b),
        "gradients only": conv(e.shape(2, 3, 1, 1) + e.floats(6, *six), b),
        "values and gradients": conv(w + e.floats(6, *six), b),
        "values and too few gradients": conv(w + e.floats(6, 1.0), b),
        "values and double gradients": conv(w + e.doubles(9, *six), b),
        "values and too few double gradients": conv(w + e.doubles(9, 1.0), b),
        "too few values": conv(e.shape(2, 3, 1, 1) + e.floats(5, 1.0), b),
        "too many values": conv(w + e.floats(5, 1.0), b),
        "no values": conv(e.shape(2, 3, 1, 1), b),
        "empty blob": conv(b"", b),
        "a size beyond 32 bits": conv(e.shape(2**32 + 2, 3, 1, 1) + e.floats(5, *six), b),
        "a negative size": conv(e.shape(-2, -3, 1, 1) + e.floats(5, *six), b),
        "33 axes": conv(e.shape(*[1] * 31, 2, 3) + e.floats(5, *six), b),
        "nonsense in an unused layer": (
            NET,
            e.layer("c", w, b) + e.layer("old", e.shape(7, 7) + e.floats(5, 1.0)),
            ends,
        ),
        "half-floats of forks": conv(
            e.shape(2, 3, 1, 1) + e.number(10, 2) + e.data(12, struct.pack("<6e", *six)), b
        ),
        "layer twice": (
            NET, e.layer("c", w, b) + e.layer("c", blob(e, 2, 3, 1, 1, value=9), b), ends,
        ),
        "layer twice, first wrong": (NET, e.layer("c", b) + e.layer("c", w, b), ends),
        "layer twice, last wrong": (NET, e.layer("c", w, b) + e.layer("c", b), ends),
        "layer twice, last empty": (NET, e.layer("c", w, b) + e.layer("c"), ends),
        "name twice": (
            NET,
            e.data(100, e.data(1, "z") + e.data(7, w) + e.data(1, "c") + e.data(7, b)),
            ends,
        ),
        "no name": (NET, e.data(100, e.data(7, w) + e.data(7, b)), ends),
        "split layer": (NET, e.layer("c_c_0_split", type_name="Split") + e.layer("c", w, b), ends),
        "split layer with arrays": (
            NET, e.layer("c_c_0_split", w, type_name="Split") + e.layer("c", w, b), ends,
        ),
        "type Split under a net's name": (NET, e.layer("c", w, b, type_name="Split"), ends),
        "another type": (NET, e.layer("c", w, b, type_name="Whatever"), ends),
        "V1": (NET, e.v1_layer("c", 4, legacy(e, 2, 3, 1, 1), legacy(e, 1, 1, 1, 2)), ends),
        "V1 with shapes": (NET, e.v1_layer("c", 4, w, b), ends),
        "V1 of an unknown type": (NET, e.v1_layer("c", 77, w, b), ends),
        "V1 and V2 together": (
            NET, e.layer("c", w, b) + e.v1_layer("fc", 14, blob(e, 2, 32), b), ends,
        ),
        "V1 and V2 of one layer": (
            NET, e.v1_layer("c", 4, blob(e, 2, 3, 1, 1, value=7), b) + e.layer("c", w, b), ends,
        ),
        "V0": (NET, e.v0_layer("c", "conv", w, b), ends),
        "V0 padding": (
            NET, e.v0_layer("pad", "padding", w) + e.v0_layer("c", "conv", w, b), ends,
        ),
        "V0 and V1 together": (
            NET,
            e.v0_layer("c", "conv", w, b) + e.v1_layer("fc", 14, blob(e, 2, 32), b),
            ends,
        ),
        "V0 layer in two pieces": (
            NET,
            e.data(2, e.data(1, e.data(1, "c") + e.data(50, w)) + e.data(1, e.data(50, b))),
            ends,
        ),
        "V0 with arrays of V1": (
            NET, e.data(2, e.data(1, e.data(1, "c")) + e.data(6, w) + e.data(6, b)), ends,
        ),
        "V0 with a V1 name": (
            NET, e.data(2, e.data(4, "c") + e.data(1, e.data(1, "q") + e.data(50, w))), ends,
        ),
        "unknown fields": (
            NET,
            e.number(77, 5) + e.layer("c", w + e.data(60, "xyz") + e.number(61, 3), b)
            + e.varint(90 << 3 | 3) + e.number(1, 5) + e.varint(90 << 3 | 4),
            ends,
        ),
        "shared: both": (
            SHARED,
            e.layer("a", blob(e, 3, 3, 1, 1), blob(e, 3))
            + e.layer("b", blob(e, 3, 3, 1, 1, value=70), blob(e, 3, value=80)),
            ends,
        ),
        "shared: owner only": (SHARED, e.layer("a", blob(e, 3, 3, 1, 1), blob(e, 3)), ends),
        "shared: borrower only": (SHARED, e.layer("b", blob(e, 3, 3, 1, 1), blob(e, 3)), ends),
        "shared: borrower first": (
            SHARED,
            e.layer("b", blob(e, 3, 3, 1, 1), blob(e, 3))
            + e.layer("a", blob(e, 3, 3, 1, 1, value=70), blob(e, 3, value=80)),
            ends,
        ),
        "shared: borrower short": (
            SHARED, e.layer("a", blob(e, 3, 3, 1, 1), blob(e, 3)) + e.layer("b"), ends,
        ),
        "batch normalisation": (
            NORMALISED,
            e.layer("bn", blob(e, 3), blob(e, 3, value=2), blob(e, 1, value=999))
            + e.layer("sc", blob(e, 3), blob(e, 3)) + e.layer("p", e.floats(5, 0.5)),
            ends,
        ),
        "batch normalisation, scale of no axes": (
            NORMALISED,
            e.layer("bn", blob(e, 3), blob(e, 3), e.data(7, b"") + e.floats(5, 1.0)),
            ends,
        ),
        "normalisation, two arrays": (NORMALISED, e.layer("bn", blob(e, 3), blob(e, 3)), ends),
        "shared slope with one axis": (NORMALISED, e.layer("p", blob(e, 1)), ends),
        "shared slope, legacy": (NORMALISED, e.layer("p", legacy(e, 1, 1, 1, 1)), ends),
        "one name, two phases": (TWICE, e.layer("c", w, b), ends),
        "one name, two layers": (SAME_NAME, e.layer("c", w, b), ends),
        "one name, two layers, both in the file": (
            SAME_NAME, e.layer("c", w, b) + e.layer("c", blob(e, 2, 3, 1, 1, value=9), b), ends,
        ),
        "one name, two layers, the second of another shape": (
            SAME_NAME, e.layer("c", w, b) + e.layer("c", blob(e, 2, 32), b), ends,
        ),
        "one name, two layers, one shared array": (
            SHARED_NAME, e.layer("a", blob(e, 3, 3, 1, 1), blob(e, 3)), ends,
        ),
        "one name, two layers, both with the shared array": (
            SHARED_NAME,
            e.layer("a", blob(e, 3, 3, 1, 1), blob(e, 3))
            + e.layer("a", blob(e, 3, 3, 1, 1, value=7), blob(e, 3, value=8)),
            ends,
        ),
        "no names": (NAMELESS, e.layer("", w, b), ends),
        "no names, twice in the file": (
            NAMELESS, e.layer("", w, b) + e.layer("", blob(e, 2, 3, 1, 1, value=9), b), ends,
        ),
        "no names, the second without arrays": (NAMELESS, e.layer("", w, b) + e.layer(""), ends),
        "one name, the first without arrays": (OTHER_TYPE_FIRST, e.layer("c", w, b), ends),
        "one name, the first without arrays, nor the file's": (
            OTHER_TYPE_FIRST, e.layer("c"), ends,
        ),
        "a shared array and one that is not": (
            PARTLY_SHARED, e.layer("a", blob(e, 3, 3, 1, 1), blob(e, 3)), ends,
        ),
        "unpacked big": full(e.shape(2, 32) + e.unpacked(5, *big), b),
    }  # fmt: skip
    whole = cases["complete"][1]
    cases["cut in the values"] = (NET, whole[:-9], ends)
    cases["cut in a tag"] = (NET, whole + b"\xa2", ends)
    cases["empty file"] = (NET, b"", ends)
    cases["field number 0"] = (NET, whole + b"\x02\x01a", ends)
    cases["wire type 7"] = (NET, whole + b"\x0f\x01", ends)
    cases["group end alone"] = (NET, whole + e.varint(90 << 3 | 4), ends)
    return cases


def refusal(text: str, path: Path) -> str:
    """Why Blobscope does not load the file, "" when it does."""
    try:
        weights = open_weights(path)
    except WeightsError as error:
        return str(error)
    net = read_net(text)
    binding = bind_weights(net, infer_shapes(net), weights)
    return str(binding.wrong) if binding.wrong else ""


def load(text: str, path: Path) -> Loaded | None:
    """What the torch engine computes with; None when it refuses."""
    torch = pytest.importorskip("torch")
    from core.engines.torch.parameters import ParameterStore

    net = read_net(text)
    shapes = infer_shapes(net)
    try:
        store = ParameterStore(shapes, open_weights(path), 0, torch.device("cpu"))
        return [
            (
                row.layer.written_name,
                [
                    (list(shape), store.load(row, i).numpy().ravel().tolist())
                    for i, shape in enumerate(row.parameters)
                ],
            )
            for row in shapes.layers
            if row.parameters
        ]
    except WeightsError:
        return None


def compare(
    command: tuple[str, ...], cases: dict[str, Case], folder: Path
) -> tuple[list[str], int, int]:
    """What differs, and how many files real Caffe accepts and refuses."""
    sent = {k: (text, base64.b64encode(raw).decode(), end) for k, (text, raw, end) in cases.items()}
    done = subprocess.run(
        [*command, "-c", LOAD], input=json.dumps(sent), capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answers = json.loads(done.stdout)
    different = []
    for number, (name, (text, raw, end)) in enumerate(cases.items()):
        path = folder / f"{number}{end}"
        path.write_bytes(raw)
        wanted = answers[name]
        found, why = load(text, path), refusal(text, path)
        if (found is None) != bool(why):
            different.append(f"{name}: the report and the engine disagree: {why or found}")
        elif (wanted is None) != (found is None):
            different.append(f"{name}: Caffe {'refuses' if wanted is None else 'accepts'}; {why}")
        elif wanted != json.loads(json.dumps(found)):
            different.append(f"{name}: other values: {wanted} {found}")
    n_accepted = sum(answer is not None for answer in answers.values())
    return different, n_accepted, len(answers) - n_accepted


def hdf5_cases(folder: Path) -> dict[str, Case]:
    """HDF5 weights that differ in one respect each, written with h5py."""
    h5py = pytest.importorskip("h5py")
    w = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1)
    b = np.array([50, 51], np.float32)
    full = np.arange(64, dtype=np.float32).reshape(2, 32)
    three = np.arange(9, dtype=np.float32).reshape(3, 3, 1, 1)
    path = folder / "made.h5"

    def made(members: dict[str, Any], text: str = NET, **options: Any) -> Case:
        with h5py.File(path, "w") as file:
            for key, value in members.items():
                if value is None:
                    file.require_group(key)
                elif isinstance(value, h5py.SoftLink | h5py.ExternalLink):
                    file[key] = value
                elif isinstance(value, str) and value.startswith("="):
                    file[key] = file[value[1:]]
                else:
                    file.create_dataset(key, data=value, **options)
        return text, path.read_bytes(), ".caffemodel.h5"

    both = {"data/c/0": w, "data/c/1": b}
    owner = {"data/a/0": three, "data/a/1": three[0].ravel()}
    borrower = {"data/b/0": three, "data/b/1": three[0].ravel()}
    return {
        "complete": made(both),
        "only data": made({"data": None}),
        "no data": made({"label": b}),
        "data is an array": made({"data": b}),
        "no array 1": made({"data/c/0": w}),
        "no array 0": made({"data/c/1": b}),
        "an empty group": made({"data/c": None}),
        "a group for a layer without arrays": made(both | {"data/r": None}),
        "an array for a layer without": made({"data/r/0": b}),
        "array 2 of 2": made(both | {"data/c/2": b}),
        "array 7 in the place of 1": made({"data/c/0": w, "data/c/7": b}),
        "an array called 00": made({"data/c/00": w, "data/c/1": b}),
        "a further member": made(both | {"data/c/note": b}),
        "wrong shape": made({"data/c/0": w[:1], "data/c/1": b}),
        "fewer axes": made({"data/c/0": w.reshape(2, 3), "data/c/1": b}),
        "four axes for two": made({"data/fc/0": w.reshape(1, 1, 2, 3), "data/fc/1": b}),
        "doubles": made({"data/c/0": w.astype("f8"), "data/c/1": b}),
        "halves": made({"data/c/0": w.astype("f2"), "data/c/1": b}),
        "big-endian": made({"data/c/0": w.astype(">f4"), "data/c/1": b}),
        "whole numbers": made({"data/c/0": w.astype("i4"), "data/c/1": b}),
        "bytes": made({"data/c/0": w.astype("u1"), "data/c/1": b}),
        "booleans": made({"data/c/0": w > 2, "data/c/1": b}),
        "text": made({"data/c/0": "abc", "data/c/1": b}),
        "complex": made({"data/c/0": w.astype("c8"), "data/c/1": b}),
        "compressed": made(both, compression="gzip"),
        "a scalar": made({"data/p/0": np.float32(0.5)}, NORMALISED),
        "an axis for a scalar": made({"data/p/0": b[:1]}, NORMALISED),
        "a layer the net lacks": made(both | {"data/old/0": b}),
        "text in a layer the net lacks": made(both | {"data/old/0": "abc"}),
        "an array in a layer's place": made(both | {"data/old": b}),
        "an array in the place of a layer of the net": made({"data/c": b}),
        "a name with a slash": made(
            {"data/inc/1x1/0": w, "data/inc/1x1/1": b}, NET.replace('name: "c"', 'name: "inc/1x1"')
        ),
        "a name within a name": made(
            both | {"data/c/fc/0": full, "data/c/fc/1": b}, NET.replace('"fc" type', '"c/fc" type')
        ),
        "a number for a name": made(
            {"data/c/0/0": w, "data/c/0/1": b}, NET.replace('name: "c"', 'name: "c/0"')
        ),
        "a group in the place of an array": made({"data/c/0/note": b, "data/c/1": b}),
        "shared: owner only": made(owner, SHARED),
        "shared: owner and an empty group": made(owner | {"data/b": None}, SHARED),
        "shared: borrower only": made(borrower, SHARED),
        "shared: borrower and an empty owner": made({"data/a": None} | borrower, SHARED),
        "shared: both": made(
            owner | {"data/b/0": three + 70, "data/b/1": three[0].ravel() + 80}, SHARED
        ),
        "shared: half of the borrower": made(owner | {"data/b/1": three[0].ravel() + 80}, SHARED),
        "one name, two layers": made(both, SAME_NAME),
        "one array, two names": made({"data/c/0": w, "data/old/0": "=data/c/0", "data/c/1": b}),
        "a soft link": made({"keep": w, "data/c/0": h5py.SoftLink("/keep"), "data/c/1": b}),
        "a dangling soft link": made({"data/c/0": h5py.SoftLink("/none"), "data/c/1": b}),
        "a soft link in a layer the net lacks": made(both | {"data/old/0": h5py.SoftLink("/none")}),
        "an external link": made({"data/c/0": h5py.ExternalLink("x.h5", "/a"), "data/c/1": b}),
    }  # fmt: skip


def random_cases(encoder: Any, n_cases: int) -> dict[str, Case]:
    """Nets and files put together by chance from pieces that are right more often than wrong."""
    rng = np.random.default_rng(20)

    def piece(shape: tuple[int, ...]) -> bytes:
        shape = shape if rng.random() < 0.9 else tuple(rng.permutation((*shape, 1)).tolist())
        values = np.arange(max(1, int(np.prod(shape)))) + float(rng.integers(100))
        if rng.random() < 0.05:
            values = values[1:]
        kind = rng.choice(["floats", "doubles", "unpacked"])
        width = {"floats": 5, "unpacked": 5, "doubles": 8}[kind]
        cut = int(rng.integers(len(values) + 1)) if rng.random() < 0.3 else 0
        parts = [getattr(encoder, kind)(width, *part) for part in (values[:cut], values[cut:])]
        if rng.random() < 0.1:
            parts.append(encoder.floats(6, *values))
        if rng.random() < 0.4 and len(shape) <= 4:
            parts.append(encoder.legacy(*(1,) * (4 - len(shape)), *shape))
        if rng.random() < 0.9:
            parts.append(encoder.shape(*shape))
        return b"".join(parts[i] for i in rng.permutation(len(parts)) if i > 1 or not cut) + (
            b"".join(parts[:2]) if cut else b""
        )

    def layer(name: str, shapes: tuple[tuple[int, ...], ...], dialect: str) -> bytes:
        if rng.random() < 0.05:
            shapes = shapes[:-1]
        blobs = [piece(shape) for shape in shapes]
        if dialect == "V0":
            return encoder.v0_layer(name, "conv", *blobs)
        return encoder.v1_layer(name, 4, *blobs) if dialect == "V1" else encoder.layer(name, *blobs)

    arrays = {
        NET: {"c": ((2, 3, 1, 1), (2,)), "r": (), "fc": ((2, 32), (2,))},
        SHARED: {"a": ((3, 3, 1, 1), (3,)), "b": ((3, 3, 1, 1), (3,))},
        NORMALISED: {"bn": ((3,), (3,), (1,)), "sc": ((3,), (3,)), "p": ((),)},
        TWICE: {"c": ((2, 3, 1, 1), (2,))},
        SAME_NAME: {"c": ((2, 3, 1, 1), (2,))},
    }
    cases = {}
    for number in range(n_cases):
        text = list(arrays)[rng.integers(len(arrays))]
        names = [*arrays[text], "old"]
        dialect = str(rng.choice(["V0", "V1", "V2", "V2"]))
        chosen = rng.choice(names, size=rng.integers(1, len(names) + 2))
        raw = b"".join(layer(n, arrays[text].get(n, ((2, 2),)), dialect) for n in chosen)
        cases[f"{number}: {dialect} {' '.join(chosen)}"] = (text, raw, ".caffemodel")
    return cases


STRICTER = {
    "only a name": "a file without layers is no weights file",
    "empty file": "nor is an empty one",
    "a size beyond 32 bits": "Caffe drops the upper half",
    "a soft link": "no link is followed, it may lead anywhere",
}
"""What Caffe takes and Blobscope refuses on purpose."""
NESTED = {"a name with a slash", "a name within a name", "a number for a name"}
"""Caffe leaves their layers at filler values, or stops, at files that it has written itself."""
CROWDED = {"a further member"}
"""Caffe takes all that is in a group for arrays."""
MORE_TOLERANT = {"half-floats of forks": "weights of NVIDIA's fork, which BVLC's Caffe can't read"}


def names_of(different: list[str]) -> set[str]:
    return {line.split(": ")[0] for line in different}


def test_each_way_to_write_a_caffemodel(
    caffe_python: tuple[str, ...], encoder: Any, tmp_path: Path
) -> None:
    different, n_accepted, n_refused = compare(caffe_python, binary_cases(encoder), tmp_path)
    assert names_of(different) == {*STRICTER, *MORE_TOLERANT} - {"a soft link"}, different
    assert n_accepted > 40
    assert n_refused > 35


def test_each_way_to_write_hdf5_weights(caffe_python: tuple[str, ...], tmp_path: Path) -> None:
    different, n_accepted, n_refused = compare(caffe_python, hdf5_cases(tmp_path), tmp_path)
    assert names_of(different) == {"a soft link", *NESTED, *CROWDED}, different
    assert n_accepted > 20
    assert n_refused > 18


def test_files_made_by_chance(caffe_python: tuple[str, ...], encoder: Any, tmp_path: Path) -> None:
    different, n_accepted, n_refused = compare(caffe_python, random_cases(encoder, 400), tmp_path)
    assert different == []
    assert n_accepted > 80
    assert n_refused > 80
