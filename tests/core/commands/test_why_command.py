"""`why` over real files: sums, the part of the picture that is seen, files, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel

NET = """
name: "small"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 16 dim: 16 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 8 BIAS weight_filler { type: "xavier" }
                              bias_filler { type: "constant" value: 0.5 } } }
layer { name: "fc_relu" type: "ReLU" bottom: "fc" top: "fc" }
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A net whose fc has a bias, weights for it, and four noisy pictures 20 x 30."""
    net, weights = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    net.write_text(NET.replace("BIAS", ""))
    read = load_net(net)
    types = {layer.name: layer.type for layer in read.layers}
    fillers = filler_weights(read, infer_shapes(read), seed=1)
    write_caffemodel(weights, "small", [(name, types[name], arrays) for name, arrays in
                                        fillers.items()])  # fmt: skip
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(1)
    for i in range(4):
        Image.fromarray(rng.integers(0, 256, (30, 20, 3), np.uint8)).save(pictures / f"{i}.png")
    return {"net": net, "weights": weights, "pictures": pictures, "gallery": tmp_path / "gallery"}


def index(command, files: dict[str, Path], layer: str, pool: str, *more: object) -> None:
    words = ["--net", files["net"], "--weights", files["weights"], "--images", files["pictures"]]
    words += ["--layer", layer, "--pool", pool, "--out", files["gallery"], *more]
    said = command("index", *words)
    assert said.code == 0, said.err


def why(command, files: dict[str, Path], *more: object):
    pair = ("--query", files["pictures"] / "0.png", "--result", files["pictures"] / "2.png")
    return command("why", "--gallery", files["gallery"], *pair, *more)


@pytest.mark.parametrize(
    ("layer", "pool", "more"),
    [
        ("conv+relu", "mac", ()),
        ("relu+fc", "gap", ("--after", "pca:2")),
        ("relu", "gem", ("--scales", "1,2")),
        ("relu", "rmac:2", ("--scales", "1,0.7")),
    ],
)
def test_several_layers_or_scales_add_up_to_the_score(command, files, layer, pool, more) -> None:
    """Each layer's own share is told; fc has no places, and counts as what none carries."""
    index(command, files, layer, pool, *more)
    said = why(command, files, "--json")
    assert said.code == 0, said.err
    ranked = command("query", files["gallery"], files["pictures"] / "0.png", "--json").json
    score = next(r["score"] for r in ranked["results"] if r["path"].endswith("2.png"))
    assert said.json["cosine"] == pytest.approx(score, abs=1e-5)
    for name in ("query", "result"):
        one = said.json[name]
        assert np.sum(one["places"]) + one["offset"] == pytest.approx(score, abs=1e-5)
    notes = " ".join(said.json["notes"])
    assert ("What each layer carries" in notes) == ("+" in layer)


@pytest.mark.parametrize("pool", ["crow", "gem"])
def test_places_add_up_to_the_score_of_the_ranking(command, files, pool: str) -> None:
    index(command, files, "relu", pool)
    said = why(command, files, "--json")
    assert said.code == 0, said.err
    ranked = command("query", files["gallery"], files["pictures"] / "0.png", "--json").json
    score = next(r["score"] for r in ranked["results"] if r["path"].endswith("2.png"))
    assert said.json["cosine"] == pytest.approx(score, abs=1e-5)
    for name in ("query", "result"):
        assert np.sum(said.json[name]["places"]) == pytest.approx(score, abs=1e-5)
        assert np.shape(said.json[name]["places"]) == (14, 14)
    assert said.json["is_exact"] is (pool != "gem")


def test_what_the_net_sees_is_said_in_pixels_of_the_picture(command, files) -> None:
    # 20 x 30 scaled to 16 x 24, of which the middle 16 x 16: rows 4 to 20 of 24, times 30 / 24
    recipe = files["net"].with_name("recipe.json")
    fields = {"size_policy": "shorter side, centre crop", "width": 16, "height": 16, "side": 16}
    recipe.write_text(json.dumps(fields))
    index(command, files, "relu", "gap", "--preprocess", recipe)
    assert why(command, files, "--json").json["query"]["covered"] == [0, 5, 20, 25]
    boxed = why(command, files, "--json", "--box", "4,10,14,20").json
    assert boxed["query"]["covered"] == [4, 10, 14, 20]  # a square crop is seen whole
    assert boxed["result"]["covered"] == [0, 5, 20, 25]
    # a 3 x 3 kernel without pad: the first place is in the middle of pixel 1 of 16, 14 of them
    pixel = 20 / 16
    assert boxed["result"]["grid"] == pytest.approx([pixel, 5 + pixel, 15 * pixel, 5 + 15 * pixel])
    assert any("box x1 y1 x2 y2 4 10 14 20" in note for note in boxed["notes"])


def test_fc_is_explained_by_the_gradient_at_the_last_layer_with_places(command, files) -> None:
    index(command, files, "fc_relu", "flatten")
    found = why(command, files, "--json").json
    assert (found["layer"], found["by_gradient"], found["is_exact"]) == ("relu", True, False)
    assert found["method"] == "gradient x activation at relu (conv), lengths held"
    assert np.shape(found["query"]["places"]) == (14, 14)
    # the bias of 0.5 is of no place: what is missing is said
    assert any("add up to" in note for note in found["notes"])


def test_without_biases_gradient_times_activation_adds_up_to_the_cosine(command, files) -> None:
    text = NET.replace("BIAS", "bias_term: false")
    files["net"].write_text(text)
    read = load_net(files["net"])
    types = {layer.name: layer.type for layer in read.layers}
    fillers = filler_weights(read, infer_shapes(read), seed=1)
    write_caffemodel(files["weights"], "small", [(name, types[name], arrays) for name, arrays in
                                                 fillers.items()])  # fmt: skip
    index(command, files, "fc_relu", "flatten")
    found = why(command, files, "--json").json
    assert found["by_gradient"]
    for name in ("query", "result"):
        assert found[name]["carried"] == pytest.approx(found["cosine"], abs=1e-5)
    assert found["notes"] == []


def test_files_are_written(command, files, tmp_path: Path) -> None:
    index(command, files, "relu", "rmac")
    said = why(command, files, "--out", tmp_path / "why.npz", "--png", tmp_path / "why.png")
    assert said.code == 0, said.err
    assert "exact: shares of R-MAC's regions" in said.out
    assert "regions carry" in said.out
    with np.load(tmp_path / "why.npz") as written:
        total = float(written["query/places"].sum())
        assert total == pytest.approx(float(written["cosine"]), abs=1e-5)
        assert written["result/places"].dtype == np.float32
    with Image.open(tmp_path / "why.png") as picture:
        assert picture.size == (2 * 20 + 8, 30)


def test_an_image_that_is_none_is_refused_in_a_sentence(command, files, tmp_path: Path) -> None:
    index(command, files, "relu", "gap")
    said = command("why", "--gallery", files["gallery"], "--query", tmp_path / "no.png",
                   "--result", files["pictures"] / "1.png")  # fmt: skip
    assert said.code == 1
    assert "no.png" in said.err
