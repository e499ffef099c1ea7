"""Reading weights files of every kind, and refusing what is none."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import WeightsError
from core.weights.contents import WeightBlob
from core.weights.reader import open_weights
from core.weights.writer import write_caffemodel

Material = Callable[[str], Path]
VARIANTS = {
    "v1_legacy_dims.caffemodel": "caffemodel V1",
    "double_data.caffemodel": "caffemodel V2",
    "unpacked_floats.caffemodel": "caffemodel V2",
    "unknown_field.caffemodel": "caffemodel V2",
    "hdf5.caffemodel.h5": "HDF5",
}


def only_blob(path: Path, raw: bytes) -> WeightBlob:
    path.write_bytes(raw)
    return open_weights(path).layers[0].blobs[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "w.caffemodel"


@pytest.mark.parametrize("name", VARIANTS)
def test_five_formats_hold_the_values_real_caffe_computed_with(shipped: Path, name: str) -> None:
    weights = open_weights(shipped / name)
    expected = np.load(shipped / "fmt_v1.npz")
    keys = [key for key in expected.files if key.startswith("param/")]
    assert weights.format == VARIANTS[name]
    assert len(keys) == 4
    for key in keys:
        _, layer, index = key.split("/")
        found = weights.get(layer)
        assert found is not None
        array = found.blobs[int(index)].array()
        np.testing.assert_array_equal(array.ravel(), expected[key].ravel())
        assert not array.flags.writeable
    assert weights.n_values == sum(expected[key].size for key in keys)


def test_v1_types_become_type_strings_and_legacy_shapes_keep_four_axes(shipped: Path) -> None:
    weights = open_weights(shipped / "v1_legacy_dims.caffemodel")
    assert weights.net_name == "fmt_v1"
    rows = [(layer.name, layer.type) for layer in weights.layers if layer.blobs]
    assert rows == [("conv1_1", "Convolution"), ("fc6", "InnerProduct")]
    fc6 = weights.get("fc6")
    assert fc6 is not None
    assert [blob.shape for blob in fc6.blobs] == [(1, 1, 6, 100), (1, 1, 1, 6)]


def test_a_truncated_file_is_refused_with_a_sentence(shipped: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        open_weights(shipped / "truncated.caffemodel")
    assert caught.value.sentence == (
        "truncated.caffemodel is cut off: field 100 at offset 721 misses 1,023 bytes."
    )
    assert "again" in caught.value.hint


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_no_cut_of_a_file_crashes(shipped: Path, path: Path, name: str) -> None:
    whole = (shipped / name).read_bytes()
    n_layers = len(open_weights(shipped / name).layers)
    n_refused = 0
    for length in range(0, len(whole), 23):
        path.unlink(missing_ok=True)  # a mapped file must not be shortened
        path.write_bytes(whole[:length])
        try:
            weights = open_weights(path)
        except WeightsError:
            n_refused += 1
            continue
        assert len(weights.layers) <= n_layers
        for layer in weights.layers:
            for blob in layer.blobs:
                assert blob.array().size == blob.n_values
    assert n_refused > 0.6 * len(whole) / 23


def test_values_in_several_pieces_are_joined_in_order(path: Path, encoder: Any) -> None:
    blob = (
        encoder.floats(5, 1, 2)
        + encoder.unpacked(5, 3, 4, 5)
        + encoder.shape(2, 4)
        + encoder.floats(5, 6)
        + encoder.unpacked(5, 7)
        + encoder.floats(5, 8)
    )
    array = only_blob(path, encoder.layer("a", blob)).array()
    np.testing.assert_array_equal(array, np.arange(1, 9, dtype=np.float32).reshape(2, 4))
    assert array.dtype == np.float32


def test_double_data_wins_over_data(path: Path, encoder: Any) -> None:
    raw = encoder.layer("a", encoder.shape(2) + encoder.floats(5, 1, 2) + encoder.doubles(8, 3, 4))
    array = only_blob(path, raw).array()
    assert array.dtype == np.float64
    assert array.tolist() == [3, 4]


def test_any_legacy_size_wins_over_the_shape(path: Path, encoder: Any) -> None:
    blob = encoder.shape(6) + encoder.legacy(1, 1, 2, 3) + encoder.floats(5, *range(6))
    read = only_blob(path, encoder.layer("a", blob))
    assert read.shape == (1, 1, 2, 3)
    assert read.is_legacy


def test_a_shape_may_be_unpacked_and_a_scalar_has_none(path: Path, encoder: Any) -> None:
    unpacked = encoder.data(7, encoder.number(1, 2) + encoder.number(1, 1)) + encoder.floats(
        5, 1, 2
    )
    assert only_blob(path, encoder.layer("a", unpacked)).shape == (2, 1)
    path.unlink()
    assert only_blob(path, encoder.layer("a", encoder.floats(5, 7))).array() == np.float32(7)


def test_a_blob_with_gradients_only_opens_but_has_no_values(path: Path, encoder: Any) -> None:
    blob = only_blob(path, encoder.layer("a", encoder.shape(2) + encoder.floats(6, 1, 2)))
    assert (blob.shape, blob.n_values) == ((2,), 0)
    with pytest.raises(WeightsError, match="gradients"):
        blob.array()


def test_gradients_beside_values_are_passed_over(path: Path, encoder: Any) -> None:
    blob = encoder.floats(5, 1, 2) + encoder.floats(6, 3, 4) + encoder.shape(2)
    assert only_blob(path, encoder.layer("a", blob)).array().tolist() == [1, 2]


def test_half_precision_of_nvidias_branch(path: Path, encoder: Any) -> None:
    raw = struct.pack("<3e", 1.5, -2, 0.25)
    blob = encoder.shape(3) + encoder.number(10, 2) + encoder.data(12, raw)
    array = only_blob(path, encoder.layer("a", blob)).array()
    assert array.dtype == np.float32
    assert array.tolist() == [1.5, -2, 0.25]


def test_split_layers_are_hidden_and_of_equal_names_the_last_counts(
    path: Path, encoder: Any
) -> None:
    one = encoder.shape(1)
    path.write_bytes(
        encoder.layer("a", one + encoder.floats(5, 1))
        + encoder.layer("a_split", type_name="Split")
        + encoder.layer("a", one + encoder.floats(5, 2))
    )
    weights = open_weights(path)
    assert [layer.name for layer in weights.layers] == ["a", "a"]
    found = weights.get("a")
    assert found is not None
    assert found.blobs[0].array().tolist() == [2]


def test_v0_layers(path: Path, encoder: Any) -> None:
    blob = encoder.legacy(1, 1, 1, 2) + encoder.floats(5, 1, 2)
    path.write_bytes(encoder.v0_layer("ip", "innerproduct", blob))
    weights = open_weights(path)
    assert weights.format == "caffemodel V0"
    assert (weights.layers[0].name, weights.layers[0].type) == ("ip", "InnerProduct")
    assert weights.layers[0].blobs[0].array().shape == (1, 1, 1, 2)


def test_unknown_groups_and_types_are_passed_over(path: Path, encoder: Any) -> None:
    group = encoder.varint(90 << 3 | 3) + encoder.number(1, 5) + encoder.varint(90 << 3 | 4)
    path.write_bytes(group + encoder.v1_layer("a", 77, encoder.shape(1) + encoder.floats(5, 3)))
    layer = open_weights(path).layers[0]
    assert (layer.type, layer.blobs[0].n_values) == ("V1 type 77", 1)


HOSTILE = {
    "length beyond the file": (b"\xa2\x06\xff\xff\xff\xff\x0f", "cut off"),
    "number without end": (b"\xff" * 20, "longer than 64 bits"),
    "field number 0": (b"\x02\x01a", "starts no field"),
    "group without end": (b"\xd3\x05\x08\x01", "group"),
    "groups without end": (b"\xd3\x05" * 200, "deeper"),
    "only a name": (b"\x0a\x03abc", "no layers"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes(path: Path, name: str) -> None:
    raw, words = HOSTILE[name]
    path.write_bytes(raw)
    with pytest.raises(WeightsError, match=words):
        open_weights(path)


def test_arrays_that_can_not_be_used_spoil_no_other(path: Path, encoder: Any) -> None:
    good = encoder.shape(1) + encoder.floats(5, 3)
    cases = {
        "2 x 2 with 3 values": encoder.shape(2, 2) + encoder.floats(5, 1, 2, 3),
        "1 with 2 gradients": good + encoder.floats(6, 1, 2),
        "negative size": encoder.shape(-1) + encoder.floats(5, 1),
        "impossible shape": encoder.shape(2**31, 2**31) + encoder.floats(5, 1),
        "more than 32 axes": encoder.shape(*[1] * 33) + encoder.floats(5, 1),
        "raw type 3": encoder.shape(1) + encoder.number(10, 3) + encoder.data(12, b"1234"),
    }
    for words, blob in cases.items():
        path.unlink(missing_ok=True)
        path.write_bytes(encoder.layer("a", blob, good))
        bad, kept = open_weights(path).layers[0].blobs
        assert words in bad.problem
        assert kept.array().tolist() == [3]
        with pytest.raises(WeightsError, match=words):
            bad.array()


def test_bytes_that_are_no_whole_values(path: Path, encoder: Any) -> None:
    path.write_bytes(encoder.layer("a", encoder.shape(1) + encoder.data(5, b"12345")))
    with pytest.raises(WeightsError, match="not a multiple of 4"):
        open_weights(path)


def test_half_floats_as_numbers_of_nvidias_older_branch(path: Path, encoder: Any) -> None:
    bits = struct.unpack("<5H", struct.pack("<5e", 1.5, -2, 0.25, 0, 6e-8))
    packed = b"".join(encoder.varint(number) for number in bits)
    raw = encoder.layer("a", encoder.shape(5) + encoder.data(10, packed))
    array = only_blob(path, raw).array()
    assert array.dtype == np.float32
    assert array.tolist() == [1.5, -2, 0.25, 0, np.float16(6e-8)]
    path.unlink()
    path.write_bytes(encoder.layer("a", encoder.shape(1) + encoder.data(10, b"\xff")))
    with pytest.raises(WeightsError, match="cut off"):
        open_weights(path)


def test_v1_and_v2_layers_do_not_mix(path: Path, encoder: Any) -> None:
    path.write_bytes(encoder.layer("a") + encoder.v1_layer("b", 4))
    with pytest.raises(WeightsError, match="both V1 and V2 layers"):
        open_weights(path)


def test_a_file_of_empty_fields_is_given_up_on(path: Path) -> None:
    path.write_bytes(b"\xa2\x06\x00" * 100_000)
    with pytest.raises(WeightsError, match="far more fields"):
        open_weights(path)


WRONG_FILES = {
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS"),
    "page": (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "web page"),
    "prototxt": (b'# LeNet\nname: "LeNet"\nlayer { name: "data" }\n', "prototxt"),
    "V1 prototxt": (b'layers {\n  name: "data"\n}\n', "prototxt"),
    "server": (b"404: Not Found", "answer of a server"),
    "text": (b"Not so\n", "text file"),
    "JSON": (b'{"error": "Not found"}', "JSON text"),
    "zip": (b"PK\x03\x04abc", "zip"),
    "gzip": (b"\x1f\x8babc", "gzip"),
    "npy": (b"\x93NUMPY\x01\x00", "NumPy"),
    "MATLAB": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64\x00\x01IM", "MATLAB"),
    "pickle": (b"\x80\x02}q\x00.", "pickle"),
    "empty": (b"", "empty"),
    "hdf5": (b"\x89HDF\r\n\x1a\nabc", "HDF5"),
    "solverstate": (b"\x08\x90\x4e\x12\x05/a.cm\x1a\x05\x2a\x00\x3a\x01\x00", "solverstate"),
    "mean": (b"\x08\x01\x10\x01\x18\x01\x20\x01\x2a\x04abcd", "one array"),
    "onnx": (b"\x08\x07\x12\x07pytorch\x3a\x02\x12\x00", "ONNX"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_files_that_are_no_weights_are_named(path: Path, name: str) -> None:
    raw, words = WRONG_FILES[name]
    path.write_bytes(raw)
    with pytest.raises(WeightsError, match=words) as caught:
        open_weights(path)
    assert caught.value.hint


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="No such file"):
        open_weights(tmp_path / "none.caffemodel")
    with pytest.raises(WeightsError, match="it is a folder"):
        open_weights(tmp_path)


def test_hdf5_keeps_gaps_and_joins_the_names_it_nests(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["data/conv/1"] = np.ones(3, np.float32)
        file["data/inc/1x1/0"] = np.ones(3, np.float32)
        file["data/inc/1x1/note"] = "no array"
        file.create_group("data/inc/relu")
        file["data/res/0/0"] = np.ones(3, np.float32)
    weights = open_weights(path)
    assert [(layer.name, layer.indices, layer.n_members) for layer in weights.layers] == [
        ("conv", (1,), 1),
        ("inc", (), 2),
        ("inc/1x1", (0,), 2),
        ("inc/relu", (), 0),
        ("res", (), 1),
        ("res/0", (0,), 1),
    ]
    layer = weights.get("conv")
    assert layer is not None
    assert layer.blob(0) is None
    assert layer.n_parameters == 2


def test_hdf5_never_leaves_its_file(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path, secret = tmp_path / "w.h5", tmp_path / "secret"
    secret.write_bytes(np.arange(4, dtype=np.float32).tobytes())
    with h5py.File(path, "w") as file:
        group = file.create_group("data/conv")
        group["0"] = h5py.ExternalLink(str(secret), "/a")
        group["1"] = h5py.SoftLink("/data")
        group.create_dataset("2", (4,), np.float32, external=[(str(secret), 0, 16)])
        layout = h5py.VirtualLayout((4,), np.float32)
        layout[:] = h5py.VirtualSource(str(secret), "a", (4,))
        group.create_virtual_dataset("3", layout)
        file["data/loop"] = h5py.SoftLink("/data")
    conv, loop = open_weights(path).layers
    for blob, words in zip(
        conv.blobs, ("link", "link", "another file", "another file"), strict=True
    ):
        assert words in blob.problem
        with pytest.raises(WeightsError, match=words):
            blob.array()
    assert "link" in loop.problem


def test_groups_that_hold_themselves_end(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["data/a/0"] = np.zeros(1)
        file["data/a/b"] = file["data/a"]
    with pytest.raises(WeightsError, match="deeper than 32"):
        open_weights(path)


def test_hdf5_without_weights_or_with_too_much(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["label"] = np.zeros(3)
    with pytest.raises(WeightsError, match="no Caffe weights"):
        open_weights(path)
    with h5py.File(path, "w") as file:
        file["learned_net"] = "a.caffemodel.h5"
        file.create_group("history")
    with pytest.raises(WeightsError, match="solverstate"):
        open_weights(path)
    for sizes in ([1 << 40], [1 << 23] * 3):  # 8 million floats are 32 MB
        with h5py.File(path, "w") as file:
            for i, size in enumerate(sizes):
                file.create_dataset(f"data/a/{i}", (size,), np.float32, chunks=(1 << 20,))
        with pytest.raises(WeightsError, match="claims more values"):
            open_weights(path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs files with holes")
def test_a_file_beyond_two_gigabytes_opens_although_caffe_reads_none(
    path: Path, encoder: Any
) -> None:
    n_values = (2**31 + 2**20) // 4
    blob_head = encoder.shape(n_values) + b"\x2a" + encoder.varint(4 * n_values)
    n_blob = len(blob_head) + 4 * n_values
    body = encoder.data(1, "fc") + b"\x3a" + encoder.varint(n_blob)
    head = b"\xa2\x06" + encoder.varint(len(body) + n_blob) + body + blob_head
    with path.open("wb") as file:
        file.write(head)
        file.seek(len(head) + 4 * n_values - 4)
        file.write(struct.pack("<f", 7.5))
    weights = open_weights(path)
    assert weights.is_too_large_for_caffe
    array = weights.layers[0].blobs[0].array()
    assert array.shape == (n_values,)
    assert array[[0, -1]].tolist() == [0, 7.5]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/statm")
def test_opening_touches_no_values(path: Path) -> None:
    values = np.ones((4096, 4096), np.float32)  # 64 MiB
    write_caffemodel(path, "big", [("fc", "InnerProduct", [values])])
    open_weights(path)  # modules imported
    before = resident_bytes()
    weights = open_weights(path)
    array = weights.layers[0].blobs[0].array()
    assert resident_bytes() - before < 4 << 20
    assert not array.flags.owndata
    assert array[4095, 4095] == 1


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_every_micro_caffemodel_holds_what_real_caffe_ran_with(material: Material) -> None:
    n_arrays = 0
    for name, case in json.loads(material("micro/index.json").read_text()).items():
        npz = material("micro") / f"{name}.npz"
        if not case["ok"] or not npz.exists() or name == "err_empty":
            continue
        expected = np.load(npz)
        weights = open_weights(npz.with_suffix(".caffemodel"))
        for key in expected.files:
            if not key.startswith("param/"):
                continue
            layer, index = key.removeprefix("param/").rsplit("/", 1)
            found = weights.get(layer)
            assert found is not None
            array = found.blobs[int(index)].array()
            assert array.shape == expected[key].shape, (name, key)
            np.testing.assert_array_equal(array, expected[key])
            n_arrays += 1
    assert n_arrays > 150


def test_values_that_were_cut_off_since_are_a_sentence_and_no_crash(path: Path) -> None:
    path.write_bytes(Path(__file__).parents[2].joinpath(
        "data", "weights", "double_data.caffemodel").read_bytes())  # fmt: skip
    blob = next(layer.blobs[0] for layer in open_weights(path).layers if layer.blobs)
    with path.open("r+b") as file:
        file.truncate(8)
    with pytest.raises(WeightsError, match="has become shorter"):
        blob.array()
