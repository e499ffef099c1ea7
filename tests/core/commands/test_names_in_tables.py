"""What commands write for spreadsheets and for Markdown, of nets and folders with hostile names."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from core.commands import opening
from core.comparison.export import FORMATS
from core.comparison.rows import Comparison
from core.jobs.compare import ComparedSource, CompareRequest, compare
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.progress import run_job
from core.retrieval.gallery import open_gallery
from core.retrieval.label_table import read_label_table
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel

CALL = "=HYPERLINK(A1)"
NET = f"""
layer {{ name: "@data" type: "Input" top: "@data"
  input_param {{ shape {{ dim: 1 dim: 3 dim: 8 dim: 8 }} }} }}
layer {{ name: "{CALL}" type: "Convolution" bottom: "@data" top: "-c"
  convolution_param {{ num_output: 4 kernel_size: 3 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "+relu" type: "ReLU" bottom: "-c" top: "-c" }}
"""
LABELS = ("=red", "-blue", "'@green")


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(opening, "ENGINE_CHOICES", (*opening.ENGINE_CHOICES, "fake"))
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number, label in enumerate(LABELS):
        (tmp_path / "images" / label).mkdir(parents=True)
        for name in ("+1", "@2"):
            image = Image.new("RGB", (8, 8), (90 * number, 40, 10))
            image.save(tmp_path / "images" / label / f"{name}.png")
    return tmp_path / "images"


def cells(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return [cell for row in csv.reader(file) for cell in row]


def is_formula(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return False


def check(path: Path, *wanted: str) -> None:
    found = cells(path)
    assert not [cell for cell in found if is_formula(cell)]
    assert set(wanted) <= set(found)


def test_tables_of_layers(command, net: Path, images: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.csv"
    assert command("info", "--net", net, "--csv", out).code == 0
    check(out, f"'{CALL}", "'@data", "'+relu")
    words = ("--engine", "fake", "--image", images / LABELS[0] / "+1.png", "--layers", "all")
    assert command("stats", "--net", net, *words, "--csv", out).code == 0
    check(out, f"'{CALL}", "'-c")
    assert any(cell.startswith("-") for cell in cells(out))  # numbers are none of a stranger's


def test_tables_of_images_come_back(command, net: Path, images: Path, tmp_path: Path) -> None:
    weights, gallery, out = (tmp_path / n for n in ("w.caffemodel", "gallery", "t.csv"))
    read = load_net(net)
    fillers = filler_weights(read, infer_shapes(read), seed=1)
    write_caffemodel(weights, "n", [(n, "Convolution", arrays) for n, arrays in fillers.items()])
    words = ("--net", net, "--weights", weights, "--engine", "fake", "--images", images)
    indexed = command("index", *words, "--layer", CALL, "--pool", "gap", "--out", gallery)
    assert indexed.code == 0, indexed.err
    wanted = {(image.path, image.label) for image in open_gallery(gallery).images}
    assert len(wanted) == 2 * len(LABELS)
    outside = tmp_path / "outside.png"
    Image.new("RGB", (8, 8), (1, 2, 3)).save(outside)
    exports = (
        ("query", gallery, outside, "--csv", out),
        ("gallery", gallery, "--export", out),
        ("gallery", gallery, "--export", out.with_suffix(".npy")),
    )
    for export in exports:
        assert command(*export).code == 0
        assert not [cell for cell in cells(out) if is_formula(cell)]
        assert {(row.file, row.label) for row in read_label_table(out).rows} == wanted
    answer = command("evaluate", gallery, "--truth", out)
    assert answer.code == 0
    assert "mAP 100.0 %" in answer.out


@pytest.fixture
def comparison(net: Path, tmp_path: Path) -> Comparison:
    other = tmp_path / "<img src=x>|`a`.prototxt"
    other.write_text(NET.replace("+relu", "[a](javascript:b) <b>|"))
    return run_job(compare(CompareRequest(ComparedSource(net), ComparedSource(other))))


def test_a_comparison_as_csv(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(FORMATS[".csv"](comparison, comparison.rows))
    check(tmp_path / "c.csv", "'+relu")


def test_a_comparison_as_markdown(comparison: Comparison) -> None:
    text = FORMATS[".md"](comparison, comparison.rows).decode()
    assert r"\[a\](javascript:b) \<b\>\|" in text
    assert r"\<img src=x\>\|\`a\`" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in tables} == {5}
