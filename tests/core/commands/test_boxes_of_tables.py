"""A table of labels with boxes: images are searched with by their parts, the gallery is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import GalleryError
from core.images.box import Box
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.retrieval.label_matching import match_labels
from core.retrieval.label_table import read_label_table
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel
from tests.core.commands.test_gallery_commands import NET


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    return path


def test_a_box_stands_in_quotes_or_between_spaces_and_may_be_left_out(tmp_path: Path) -> None:
    text = 'name,class,Query Box\na.png,x,"1,2,3.5,4"\nb.png,x,5 6 7 8\nc.png,y,\n'
    rows = read_label_table(table(tmp_path, text)).rows
    assert [row.box for row in rows] == [Box(1, 2, 3.5, 4), Box(5, 6, 7, 8), None]
    matched = match_labels(read_label_table(table(tmp_path, text)), ["c.png", "b.png", "a.png"])
    assert matched.boxes == (None, Box(5, 6, 7, 8), Box(1, 2, 3.5, 4))
    without = read_label_table(table(tmp_path, "file,label\na.png,x\n"))
    assert match_labels(without, ["a.png"]).boxes == ()


@pytest.mark.parametrize("box", ["1 2 3", "5 6 5 8", "a b c d"])
def test_what_is_no_box_is_named_with_its_line(tmp_path: Path, box: str) -> None:
    with pytest.raises(GalleryError, match=r"line 3.*"):
        read_label_table(table(tmp_path, f"file,label,box\na.png,x,\nb.png,x,{box}\n"))


def test_two_boxes_for_an_image_are_refused(tmp_path: Path) -> None:
    text = "file,label,box\na.png,x,1 2 3 4\na.png,x,1 2 3 5\n"
    with pytest.raises(GalleryError, match="two boxes, in line 2 and in line 3"):
        match_labels(read_label_table(table(tmp_path, text)), ["a.png"])


def test_an_evaluation_searches_with_the_boxes(command, tmp_path: Path) -> None:
    net, weights, pictures = tmp_path / "n.prototxt", tmp_path / "n.caffemodel", tmp_path / "images"
    net.write_text(NET)
    read = load_net(net)
    types = {layer.name: layer.type for layer in read.layers}
    fillers = filler_weights(read, infer_shapes(read), seed=1)
    layers = [(name, types[name], arrays) for name, arrays in fillers.items()]
    write_caffemodel(weights, "colours", layers)
    rng = np.random.default_rng(2)
    for label, colour in (("red", (220, 30, 30)), ("blue", (20, 40, 220))):
        (pictures / label).mkdir(parents=True)
        for i in range(4):
            noisy = np.clip(np.array(colour) + rng.integers(-60, 60, (12, 10, 3)), 0, 255)
            Image.fromarray(noisy.astype(np.uint8)).save(pictures / label / f"{i}.png")
    # one red picture is blue but for its left part
    mixed = np.full((12, 30, 3), (20, 40, 220), np.uint8)
    mixed[:, :10] = (220, 30, 30)
    Image.fromarray(mixed).save(pictures / "red" / "mixed.png")
    gallery = tmp_path / "gallery"
    command("index", "--net", net, "--weights", weights, "--images", pictures, "--layer", "conv",
            "--pool", "gap", "--out", gallery)  # fmt: skip
    rows = [f"{p.relative_to(pictures)},{p.parent.name}," for p in sorted(pictures.rglob("*.png"))]
    text = "\n".join(["file,label,box", *rows]) + "\n"
    labels = table(tmp_path, text.replace("red/mixed.png,red,", "red/mixed.png,red,0 0 10 12"))
    said = command("evaluate", gallery, "--truth", labels, "--json")
    assert said.code == 0, said.err
    whole = command("evaluate", gallery, "--truth", labels, "--whole-images", "--json").json
    asked = command(
        "query", gallery, pictures / "red" / "mixed.png", "--box", "0,0,10,12", "--json"
    )

    def precision(found, name: str) -> float:
        return next(q["AP"] for q in found["queries"] if q["file"] == name)

    assert precision(said.json, "red/mixed.png") == pytest.approx(asked.json["AP"])
    assert precision(said.json, "red/mixed.png") == pytest.approx(1.0)
    assert precision(whole, "red/mixed.png") < 0.7
    assert precision(said.json, "blue/0.png") == precision(whole, "blue/0.png")
    assert any("Boxes of the table are queries (1)" in note for note in said.json["notes"])
    assert any("whole images, not the boxes" in note for note in whole["notes"])
