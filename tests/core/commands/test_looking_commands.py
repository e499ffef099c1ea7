"""`stats`, `tiles`, `graph` and the table of `info`: what the window shows, without one."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.activations.tile_colours import TileColours, level_colours
from core.activations.tiles import GAP_LEVEL, MAX_LEVEL, ZERO_LEVEL
from main import main

NET = """name: "two"
layer { name: "data" type: "Input" top: "data" top: "im_info"
  input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } shape { dim: 1 dim: 3 } } }
layer { name: "half" type: "Power" bottom: "data" top: "half" power_param { scale: 0.5 } }
layer { name: "shifted" type: "Power" bottom: "half" top: "half" power_param { shift: -40 } }
layer { name: "relu" type: "ReLU" bottom: "half" top: "half" }
layer { name: "info" type: "Power" bottom: "im_info" top: "info" }
"""
RECIPE = {"size_policy": "original", "colour_order": "RGB", "exif": False}


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "two.prototxt"
    path.write_text(NET)
    path.with_suffix(".preprocess.json").write_text(json.dumps(RECIPE))
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    pixels = np.arange(6 * 6 * 3, dtype=np.uint8).reshape(6, 6, 3) * 2
    Image.fromarray(pixels).save(path)
    return path


def test_statistics_of_an_image_by_hand(command, net: Path, image: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.csv"
    words = ("--net", net, "--image", image, "--layers", "all", "--bins", 4, "--csv", out, "--json")
    said = {one["layer"]: one for one in command("stats", *words).json["layers"]}
    pixels = np.asarray(Image.open(image), np.float32) / 2 - 40
    shifted = said["shifted"]
    assert shifted["statistics"]["minimum"] == pixels.min() == -40
    assert shifted["statistics"]["mean"] == pytest.approx(pixels.mean())
    assert said["relu"]["statistics"]["n_zeros"] == np.count_nonzero(pixels <= 0)
    edges, counts = shifted["histogram"]["edges"], shifted["histogram"]["counts"]
    assert sum(counts) + shifted["histogram"]["n_zeros"] == pixels.size
    assert 0.0 in edges
    inside = [np.count_nonzero((pixels >= a) & (pixels < b) & (pixels != 0)) for a, b in
              itertools.pairwise(edges)]  # fmt: skip
    inside[-1] += np.count_nonzero(pixels == edges[-1])
    assert counts == inside
    assert said["info"]["statistics"]["maximum"] == 6.0  # im_info: height, width, scale 1
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["layer"] for row in rows] == ["data", "data", "half", "shifted", "relu", "info"]
    assert float(rows[3]["minimum"]) == -40


def test_layers_share_edges_only_when_asked(command, net: Path, image: Path) -> None:
    words = ("--net", net, "--image", image, "--layers", "half,shifted", "--json")
    alone = [one["histogram"]["edges"] for one in command("stats", *words).json["layers"]]
    assert alone[0] != alone[1]
    both = command("stats", *words, "--same-edges").json["layers"]
    assert both[0]["histogram"]["edges"] == both[1]["histogram"]["edges"]


def test_the_middle_of_the_values_leaves_the_rest_out(command, net: Path, tmp_path: Path) -> None:
    values = np.zeros((1, 3, 100, 100), np.float32)
    values[0, 0] = np.linspace(1, 2, 10000).reshape(100, 100)
    values[0, 1, 0, 0] = 1e6
    np.save(tmp_path / "x.npy", values)
    words = ("--net", net, "--array", f"data={tmp_path / 'x.npy'}", "--layers", "half")
    (found,) = command("stats", *words, "--central", "--json").json["layers"]
    assert found["histogram"]["n_above"] == 30  # 0.1 % of 30,000
    assert found["histogram"]["edges"][-1] < 2
    said = command("stats", *words).out
    assert "500000" in said


def test_tiles_hold_every_channel_in_order(command, net: Path, image: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.png"
    words = ("--net", net, "--image", image, "--layers", "shifted,relu", "--out", out)
    said = command("tiles", *words, "--zoom", 1, "--aspect", 99, "--json").json
    assert [one["maps"] for one in said["layers"]] == [3, 3]
    page = np.asarray(Image.open(out))
    assert page.shape == (6 + 8 + 6, 3 * 6 + 2, 3)
    table = level_colours(TileColours(), is_diverging=True)
    np.testing.assert_array_equal(page[:6, 6], np.tile(table[GAP_LEVEL], (6, 1)))
    pixels = np.asarray(Image.open(image), np.float32) / 2 - 40
    high = np.abs(pixels).max()
    levels = np.rint(pixels[:, :, 0] / high * ZERO_LEVEL + ZERO_LEVEL).astype(int)
    np.testing.assert_array_equal(page[:6, :6], table[levels])
    assert levels.max() <= MAX_LEVEL


def test_tiles_take_a_range_and_colours(command, net: Path, image: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.png"
    words = ("--net", net, "--image", image, "--layers", "relu", "--out", out, "--zoom", 1)
    said = command("tiles", *words, "--range", "percentile", "--colours", "grey", "--json").json
    values = np.maximum(np.asarray(Image.open(image), np.float32) / 2 - 40, 0)
    low, high = np.percentile(values, (1, 99))
    assert said["layers"][0]["range"] == [pytest.approx(low), pytest.approx(high)]
    page = np.asarray(Image.open(out)).astype(int)
    share = np.clip((values[:, :, 0] - low) / (high - low), 0, 1)
    assert np.abs(page[:6, :6] - 255 * share[:, :, None]).max() <= 1  # 253 levels of 256


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--zoom", 0), "--zoom is 1 or more"),
        (("--out", "t.jpg"), "--out names a .png"),
        (("--zoom", 9000), "can't be drawn"),
    ],
)
def test_tiles_refuse_what_can_not_be(
    command, net: Path, image: Path, tmp_path: Path, words: tuple[object, ...], sentence: str
) -> None:
    out = tmp_path / "t.png"
    said = command(
        "tiles", "--net", net, "--image", image, "--layers", "relu", "--out", out, *words
    )
    assert said.code != 0
    assert sentence in said.err
    assert not out.exists()


def test_a_net_without_picture_is_told_what_to_give(command, tmp_path: Path, image: Path) -> None:
    net = tmp_path / "flat.prototxt"
    net.write_text(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 5 } } }\n'
        'layer { name: "y" type: "Power" bottom: "x" top: "y" }\n'
    )
    said = command("stats", "--net", net, "--image", image, "--layers", "y")
    assert said.code == 1
    assert "--array" in said.err
    np.save(tmp_path / "x.npy", np.ones((20, 5), np.float32))
    words = ("--net", net, "--array", tmp_path / "x.npy", "--layers", "y", "--json")
    (found,) = command("stats", *words).json["layers"]
    assert found["statistics"]["n_values"] == 100  # one pass, whatever the number of rows


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_the_graph_is_drawn_without_a_screen(qapp, net: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"g{suffix}"
    assert main(["graph", "--net", str(net), "--out", str(out)]) == 0
    assert out.stat().st_size > 1000
    if suffix == ".svg":
        assert "shifted" in out.read_text()


def test_a_graph_of_no_known_format_is_refused(qapp, net: Path, tmp_path: Path, capsys) -> None:
    assert main(["graph", "--net", str(net), "--out", str(tmp_path / "g.doc")]) == 1
    assert "Choose a name that ends in .svg" in capsys.readouterr().err


def test_the_table_of_info_is_the_windows(command, net: Path, tmp_path: Path, qtbot) -> None:
    from core.layers.shapes import infer_shapes
    from core.net.reader import load_net
    from gui.panels.layers.table import LayerTable
    from gui.theme import ThemeKeeper

    out = tmp_path / "layers.csv"
    assert command("info", "--net", net, "--csv", out).code == 0
    table = LayerTable(ThemeKeeper("light"))
    qtbot.addWidget(table)
    read = load_net(net)
    table.show_net(read, infer_shapes(read), None)
    assert out.read_bytes() == table.as_csv()
    assert out.read_text().splitlines()[3].startswith("shifted,Power,half,half@1,")
