"""`extract`: every version from one pass, under the keys that the README promises."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CHAIN = """
name: "chain"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
        inner_product_param { num_output: 32 weight_filler { type: "gaussian" std: 1 } } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
"""
TWO_INPUTS = """
layer { name: "a" type: "Input" top: "left" top: "right"
        input_param { shape { dim: 1 dim: 2 dim: 3 dim: 3 }
                      shape { dim: 1 dim: 4 dim: 3 dim: 3 } } }
layer { name: "both" type: "Concat" bottom: "left" bottom: "right" top: "both" }
"""


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    path = tmp_path / "chain.prototxt"
    path.write_text(CHAIN)
    return path


@pytest.fixture
def array(tmp_path: Path) -> Path:
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(3).standard_normal((5, 3, 6, 6)).astype(np.float32))
    return path


def test_each_version_of_a_blob_in_one_pass(
    command, chain: Path, array: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o.npz"
    words = ("--net", chain, "--array", array, "--layers", "all", "--out", out, "--json")
    said = command("extract", *words).json
    assert said["forward_passes"] == 1
    assert said["filler_layers"] == ["fc7", "fc8"]
    with np.load(out, allow_pickle=False) as values:
        assert set(values.files) == {
            "images", "data", "fc7", "relu7", "drop7", "fc8", "prob"
        }  # fmt: skip
        assert values["fc7"].min() < 0
        np.testing.assert_array_equal(values["relu7"], np.maximum(values["fc7"], 0))
        np.testing.assert_array_equal(values["drop7"], values["relu7"])
        np.testing.assert_array_equal(values["data"], np.load(array))
        np.testing.assert_allclose(values["prob"].sum(1), 1, rtol=1e-5)
        assert list(values["images"]) == [f"{array}[{i}]" for i in range(5)]


def test_fillers_come_from_the_seed(command, chain: Path, array: Path, tmp_path: Path) -> None:
    def fc7(seed: int) -> np.ndarray:
        out = tmp_path / "o.npz"
        words = ("--net", chain, "--array", array, "--layers", "fc7", "--out", out, "--seed", seed)
        said = command("extract", *words)
        assert f"filler values of seed {seed}" in said.out
        with np.load(out) as values:
            return values["fc7"]

    first = fc7(1)
    np.testing.assert_array_equal(first, fc7(1))
    assert np.abs(first - fc7(2)).max() > 0.1


def test_batches_give_what_one_pass_gives(
    command, chain: Path, array: Path, tmp_path: Path
) -> None:
    answers = []
    for size, n_passes in ((8, 1), (2, 3)):
        out = tmp_path / f"{size}.npz"
        words = ("--array", array, "--layers", "prob", "--batch", size, "--out", out, "--json")
        assert command("extract", "--net", chain, *words).json["forward_passes"] == n_passes
        with np.load(out) as values:
            answers.append(values["prob"])
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-5)


def test_tops_of_a_layer_with_several_get_keys_of_their_own(command, tmp_path: Path) -> None:
    net, out = tmp_path / "two.prototxt", tmp_path / "o.npz"
    net.write_text(TWO_INPUTS)
    left, right = np.ones((1, 2, 3, 3), np.float32), np.full((1, 4, 3, 3), 2, np.float32)
    np.save(tmp_path / "l.npy", left)
    np.save(tmp_path / "r.npy", right)
    arrays = (f"left={tmp_path / 'l.npy'}", "--array", f"right={tmp_path / 'r.npy'}")
    words = ("--net", net, "--array", *arrays, "--layers", "a,both", "--out", out)
    assert command("extract", *words).code == 0
    with np.load(out) as values:
        assert set(values.files) == {"images", "a:left", "a:right", "both"}
        np.testing.assert_array_equal(values["a:right"], right)
        np.testing.assert_array_equal(values["both"], np.concatenate([left, right], 1))


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("gap", [[2.5, -1.0]]),
        ("mac", [[4.0, -1.0]]),
        ("gem", [[(100 / 4) ** (1 / 3), 1e-6]]),
    ],
)
def test_pooling_by_hand(
    command, tmp_path: Path, pooling: str, expected: list[list[float]]
) -> None:
    net, array, out = tmp_path / "n.prototxt", tmp_path / "x.npy", tmp_path / "o.npz"
    net.write_text('input: "data" input_dim: 1 input_dim: 2 input_dim: 2 input_dim: 2')
    np.save(array, np.array([[[[1, 2], [3, 4]], [[-1, -1], [-1, -1]]]], np.float32))
    words = ("--net", net, "--array", array, "--layers", "input", "--pool", pooling, "--out", out)
    assert command("extract", *words).code == 0
    with np.load(out) as values:
        np.testing.assert_allclose(values["input"], expected, rtol=1e-5)


def test_pictures_go_through_the_recipe_beside_the_net(
    command, chain: Path, tmp_path: Path
) -> None:
    recipe = {"size_policy": "warp", "width": 6, "height": 6, "mean": [1.0, 2.0, 3.0]}
    chain.with_suffix(".preprocess.json").write_text(json.dumps(recipe))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("RGB", (9, 6), (30, 20, 10)).save(pictures / "a.png")
    out = tmp_path / "o.npz"
    words = ("--net", chain, "--images", pictures, "--layers", "data", "--out", out)
    assert command("extract", *words).code == 0
    with np.load(out) as values:
        np.testing.assert_array_equal(values["data"][0, :, 2, 2], [9, 18, 27])


def test_class_names_come_with_the_scores(
    command, chain: Path, array: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("ant\nbee\ncat\ndog\nelk\n")
    out = tmp_path / "o.npz"
    words = ("--net", chain, "--array", array, "--layers", "prob", "--out", out)
    said = command("extract", *words, "--classes", names, "--json").json["classes"]
    with np.load(out) as values:
        best = int(values["prob"][0].argmax())
        top = said[f"{array}[0]"][0]
        assert top["name"] == ("ant", "bee", "cat", "dog", "elk")[best]
        assert top["score"] == pytest.approx(float(values["prob"][0, best]))


def test_names_that_do_not_fit_are_refused(
    command, chain: Path, array: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("ant\nbee\n")
    words = ("--array", array, "--layers", "prob", "--out", tmp_path / "o.npz", "--classes", names)
    said = command("extract", "--net", chain, *words)
    assert said.code == 1
    assert "2 class names, but prob gives 5 scores" in said.err


@pytest.mark.parametrize(
    ("layers", "code", "said"),
    [("fc9", 1, "no layer 'fc9'"), ("fc7:nothing", 2, "writes no blob"), (",", 2, "name no layer")],
)
def test_layers_that_are_not_there(
    command, chain: Path, array: Path, tmp_path: Path, layers: str, code: int, said: str
) -> None:
    out = tmp_path / "o.npz"
    answer = command("extract", "--net", chain, "--array", array, "--layers", layers, "--out", out)
    assert answer.code == code
    assert said in answer.err
    assert not out.exists()


def test_squeezenet_agrees_with_real_caffe_on_every_blob(command, material, tmp_path: Path) -> None:
    golden_path = material("goldens/squeezenet_v1.0.npz")
    strides = json.loads(material("goldens/index.json").read_text())["squeezenet_v1.0"]["strides"]
    net = material("models/squeezenet_v1.0.prototxt")
    array, out = tmp_path / "x.npy", tmp_path / "o.npz"
    with np.load(golden_path) as golden:
        np.save(array, golden["input/data"])
    weights = material("models/squeezenet_v1.0.caffemodel")
    words = ("--net", net, "--weights", weights, "--array", array, "--layers", "all", "--out", out)
    said = command("extract", *words, "--json").json
    assert said["forward_passes"] == 1
    assert said["filler_layers"] == []
    overwritten = {
        layer["name"]: (layer["tops"][0]["blob"], not layer["tops"][0]["readable_after_forward"])
        for layer in command("info", "--net", net, "--json").json["layers"]
    }
    with np.load(golden_path) as golden, np.load(out) as values:
        for layer, (blob, is_overwritten) in overwritten.items():
            key = f"layer/{layer}/{blob}" if is_overwritten else f"blob/{blob}"
            expected = golden[key].ravel()
            found = values[layer].ravel()[:: strides.get(key, 1)]
            assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max(), key


def test_a_layer_whose_name_has_a_comma_is_found(command, tmp_path: Path, array: Path) -> None:
    net, out = tmp_path / "comma.prototxt", tmp_path / "o.npz"
    net.write_text(CHAIN.replace('name: "relu7"', 'name: "relu7:a,b"'))
    words = ("--array", array, "--layers", "relu7:a,b", "--out", out, "--json")
    assert command("extract", "--net", net, *words).json["arrays"] == {"relu7:a,b": [5, 32]}


def test_a_blob_in_place_of_a_layer_gets_a_hint(command, tmp_path: Path, array: Path) -> None:
    net = tmp_path / "legacy.prototxt"
    header = 'input: "data" input_shape { dim: 1 dim: 3 dim: 6 dim: 6 }\n'
    net.write_text(header + CHAIN[CHAIN.index('layer { name: "fc7"') :])
    words = ("--array", array, "--out", tmp_path / "o.npz", "--layers")
    said = command("extract", "--net", net, *words, "data")
    assert (said.code, said.err) == (
        1,
        "The net has no layer 'data'. That is a blob; it is written by input.\n",
    )
    net.write_text(CHAIN.replace('name: "drop7"', 'name: "drop7" include { phase: TRAIN }'))
    assert "not in the TEST phase" in command("extract", "--net", net, *words, "drop7").err


def test_a_seed_below_zero_is_wrong_usage(command, chain: Path, array: Path) -> None:
    words = ("--net", chain, "--array", array, "--layers", "all", "--out", "o.npz", "--seed", "-5")
    said = command("extract", *words)
    assert said.code == 2
    assert "'-5' is no whole number from 0 on" in said.err
