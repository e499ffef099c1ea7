"""`sweep` over real files: the table, the sentence, the price."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.retrieval.sweep_rows import SweepRow, summarise
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel

NET = """
name: "colours"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""


@pytest.fixture
def words(tmp_path: Path) -> list[object]:
    """What names a net, its weights, and three colours of four pictures, one file broken."""
    net, weights = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    net.write_text(NET)
    read = load_net(net)
    types = {layer.name: layer.type for layer in read.layers}
    arrays = filler_weights(read, infer_shapes(read), seed=1)
    write_caffemodel(weights, "colours", [(name, types[name], a) for name, a in arrays.items()])
    pictures = tmp_path / "pictures"
    rng = np.random.default_rng(0)
    for name, colour in {"red": (220, 9, 9), "green": (9, 220, 9), "blue": (9, 9, 220)}.items():
        (pictures / name).mkdir(parents=True)
        for number in range(4):
            noisy = np.clip(np.array(colour) + rng.integers(-60, 60, (12, 10, 3)), 0, 255)
            Image.fromarray(noisy.astype(np.uint8)).save(pictures / name / f"{number}.png")
    (pictures / "broken.jpg").write_bytes(b"not a picture")
    named = ["--net", net, "--weights", weights, "--images", pictures]
    return [*named, "--out", tmp_path / "gallery"]


def test_the_table_as_json(command: Callable[..., object], words: list[object]) -> None:
    more = ("--layers", "all", "--poolings", "gap,mac,gem:2", "--after", "l2,power", "--json")
    found = command("sweep", *words, *more)
    assert found.code == 0
    assert "Price: 8 representations of 4 values: a pass of 8 takes" in found.err
    rows = found.json["rows"]
    assert len(rows) == 16
    wanted = {"layer", "top", "pooling", "after", "dimension", "mAP", "mAP_95", "P@1", "P@10"}
    assert wanted | {"n_queries", "n_ties"} <= set(rows[0])
    assert {(row["layer"], row["top"]) for row in rows} == {
        ("conv", "conv"),
        ("relu", "conv"),
        ("fc", "fc"),
        ("prob", "prob"),
    }
    assert {row["after"] for row in rows} == {"l2", "power"}
    assert all(row["mAP_95"][0] <= row["mAP"] <= row["mAP_95"][1] for row in rows)
    assert all(row["n_queries"] == 12 for row in rows)
    best = max(rows, key=lambda row: row["mAP"])
    titles = {"gap": "GAP", "mac": "MAC", "gem:2": "GeM p=2", "flatten": "flatten"}
    afters = {"l2": "L2", "power": "Power, L2"}
    leads = f"{best['layer']}, {titles[best['pooling']]}, {afters[best['after']]} leads with mAP "
    assert found.json["sentence"].startswith(f"{leads}{best['mAP'] * 100:.1f} %")
    assert best["mAP"] > 0.9
    (prob,) = {tuple(row["notes"]) for row in rows if row["layer"] == "prob"}
    assert prob == ("one place per channel: every pooling is flatten; class posterior",)
    assert [one["path"] for one in found.json["unreadable"]] == ["broken.jpg"]
    assert found.json["cost"]["representations"] == 8


def test_the_table_for_people_and_for_spreadsheets(
    command: Callable[..., object], words: list[object], tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    found = command("sweep", *words, "--csv", table)
    assert found.code == 0
    assert "leads with mAP" in found.out
    assert "12 images, 12 queries. AP: non-interpolated." in found.out
    assert "Left out: broken.jpg" in found.out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["pooling"] for row in rows] == ["gap", "mac", "rmac"]
    assert {row["layer"] for row in rows} == {"relu"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--poolings", "grap"), "no pooling 'grap'"),
        (("--after", "whiten"), "no step 'whiten'"),
        (("--layers", "none"), "none"),
        (("--batch", "0"), "--batch"),
        (("--truth", "prefix"), "before '__'"),
    ],
)
def test_what_makes_no_sense_is_said(
    command: Callable[..., object], words: list[object], more: tuple[str, ...], said: str
) -> None:
    found = command("sweep", *words, *more)
    assert found.code in (1, 2)
    assert said in found.err


def test_boxes_of_a_table_that_go_unused_are_said(
    command: Callable[..., object], words: list[object], tmp_path: Path
) -> None:
    names = [f"{colour}/{n}.png" for colour in ("red", "green") for n in range(4)]
    rows = [f'{name},{name.split("/")[0]},"1,1,8,9"' for name in names]
    (tmp_path / "labels.csv").write_text("\n".join(["name,label,box", *rows, ""]))
    asked = ("--layers", "conv", "--poolings", "gap", "--truth", tmp_path / "labels.csv", "--json")
    found = command("sweep", *words, *asked)
    assert found.code == 0
    assert "Queries are whole images, not the boxes of the table." in found.json["notes"]


def row(layer: str, pooling: str, mean_ap: float, after: str = "l2") -> SweepRow:
    from core.evaluation.diagnostics import Diagnostics

    why = Diagnostics(0.5, 10.0, 1.0, 0.8)
    return SweepRow(
        (0,), layer, layer, pooling, after, 64, mean_ap, mean_ap - 0.05, mean_ap + 0.05, mean_ap,
        mean_ap, 100, 0, 0.1, why, np.full(100, mean_ap),
    )  # fmt: skip


def test_the_sentence_by_hand() -> None:
    rows = [
        row("conv5", "gap", 0.5), row("conv5", "mac", 0.4), row("relu5", "gap", 0.6),
        row("relu5", "mac", 0.57), row("fc7", "flatten", 0.3),
    ]  # fmt: skip
    assert summarise(rows, [(("conv5", "conv5"), ("relu5", "relu5"))]) == (
        "relu5, GAP, L2 leads with mAP 60.0 % (95 %: 55.0 to 65.0); 1 of the 4 others is within "
        "its interval, from 1 layer. Over 2 layers and steps that have all poolings, the mean mAP "
        "is GAP 55.0 %, MAC 48.5 %. After the ReLU mAP is +13.5 points in the mean of 2 pairs, "
        "better in 2. Of the values with one place per channel fc7, flatten, L2 is best with "
        "30.0 %, 30.0 points below; chance is 10.0 %."
    )
    joined = replace(row("relu5+fc7", "gap+flatten", 0.55), numbers=(2, 4))
    assert "the mean mAP is GAP 55.0 %, MAC 48.5 %" in summarise([*rows, joined], [])
    assert summarise(rows[:1], []) == "conv5, GAP, L2 leads with mAP 50.0 % (95 %: 45.0 to 55.0)."
    assert "no other is within its interval" in summarise([rows[2], rows[4]], [])
