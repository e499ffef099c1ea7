"""`intervene` on a net whose every value can be worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import AppError
from core.interventions.intervention import as_interventions, read_interventions
from core.weights.writer import write_caffemodel

NET = """name: "means"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
layer { name: "less" type: "Power" bottom: "data" top: "less" power_param { scale: 0.01 } }
layer { name: "relu" type: "ReLU" bottom: "less" top: "less" }
layer { name: "twice" type: "Power" bottom: "less" top: "twice" power_param { scale: 2 } }
layer { name: "silence" type: "Silence" bottom: "twice" }
layer { name: "pool" type: "Pooling" bottom: "less" top: "pool"
  pooling_param { pool: AVE global_pooling: true } }
layer { name: "prob" type: "Softmax" bottom: "pool" top: "prob" }
"""
RECIPE = {"size_policy": "original", "colour_order": "RGB", "exif": False}
COLOURS = {
    "warm/a": (200, 100, 50), "warm/b": (220, 60, 20), "warm/c": (180, 120, 100),
    "cold/d": (10, 100, 60), "cold/e": (30, 90, 200), "cold/f": (5, 60, 25),
}  # fmt: skip


def softmax(values: np.ndarray) -> np.ndarray:
    raised = np.exp(values - values.max())
    return raised / raised.sum()


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "means.prototxt"
    path.write_text(NET)
    path.with_suffix(".preprocess.json").write_text(json.dumps(RECIPE))
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name, colour in COLOURS.items():
        path = tmp_path / "pictures" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), colour).save(path)
    return tmp_path / "pictures"


def colour_of(name: str) -> np.ndarray:
    return np.array(COLOURS[name]) * 0.01


def test_scores_and_values_by_hand(command, net: Path, pictures: Path) -> None:
    image = pictures / "warm/a.png"
    words = ("--net", net, "--image", image, "--off", "relu:0", "--scale", "relu:1=3", "--json")
    found = command("intervene", *words).json
    before, after = colour_of("warm/a"), np.array([0, 3.0, 0.5])
    assert [one["class"] for one in found["classes"]] == [0, 1, 2]
    np.testing.assert_allclose(
        [one["before"] for one in found["classes"]], softmax(before), atol=1e-6
    )
    np.testing.assert_allclose(
        [one["after"] for one in found["classes"]], softmax(after), atol=1e-6
    )
    assert found["classes"][1]["logits"] == pytest.approx([1.0, 3.0])
    moved = {one["layer"]: one for one in found["changed"]}
    assert list(moved) == ["relu", "twice", "pool", "prob"]
    assert moved["pool"]["largest_difference"] == pytest.approx(2.0)
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    assert moved["pool"]["cosine"] == pytest.approx(cosine, abs=1e-6)
    best = softmax(before)[0]
    alone = [softmax(np.array([0, 1, 0.5]))[0] - best, softmax(np.array([2, 3, 0.5]))[0] - best]
    np.testing.assert_allclose(found["alone"], alone, atol=1e-6)
    was, now = f"{100 * best:.0f} %", f"{100 * softmax(after)[0]:.1f} %"
    assert found["sentence"] == (
        f"Without channel 0 and with channel 1 × 3, class 0 falls from {was} to {now}; first is "
        f"class 1 with {100 * softmax(after)[1]:.0f} %."
    )


def test_other_values_in_place_of_these(command, net: Path, pictures: Path) -> None:
    image = pictures / "warm/a.png"
    for words, after in (
        (("--only", "relu:1"), [0, 1.0, 0]),
        (("--put", "less:2=-7"), [2.0, 1.0, 0]),  # before the ReLU
        (("--put", "relu:2=-7"), [2.0, 1.0, -7.0]),
        (("--swap", f"relu:0={pictures / 'cold/e.png'}"), [0.3, 1.0, 0.5]),
        (("--swap", f"data={pictures / 'cold/e.png'}"), [0.3, 0.9, 2.0]),
        (("--use", "less:1=twice"), [2.0, 2.0, 0.5]),
        (("--off", "relu"), [0.0, 0.0, 0.0]),
    ):
        found = command("intervene", "--net", net, "--image", image, *words, "--json").json
        got = {one["class"]: one["after"] for one in found["classes"]}
        np.testing.assert_allclose(
            [got[i] for i in range(3)], softmax(np.array(after)), atol=1e-6, err_msg=str(words)
        )


def test_what_changes_nothing_is_said(command, net: Path, pictures: Path) -> None:
    words = ("--net", net, "--image", pictures / "warm/a.png", "--scale", "relu:0=1")
    said = command("intervene", *words).out
    assert "no value changes: every bit is as before." in said
    assert "Nothing was written into the net or its weights." in said


@pytest.mark.parametrize("changes_gallery", [False, True])
def test_a_ranking_by_hand(
    command, net: Path, pictures: Path, tmp_path: Path, changes_gallery
) -> None:
    out = tmp_path / "gallery"
    weights = tmp_path / "none.caffemodel"
    write_caffemodel(weights, "means", [("unused", "Power", [np.zeros(1)])])
    words = ("--net", net, "--weights", weights, "--layer", "pool", "--pool", "gap", "--out", out)
    assert command("index", "--images", pictures, *words).code == 0
    image = pictures / "warm/a.png"
    words = ("--net", net, "--weights", weights, "--image", image, "--off", "relu:0")
    words = (*words, "--scale", "relu:2=9", "--query", out, "--json")
    found = command("intervene", *words, *(["--change-gallery"] if changes_gallery else [])).json
    others = [name for name in COLOURS if name != "warm/a"]

    def precision(
        query_times: tuple[int, ...], gallery_times: tuple[int, ...] = (1, 1, 1)
    ) -> float:
        query = colour_of("warm/a") * query_times
        scores = []
        for name in others:
            row = colour_of(name) * gallery_times
            scores.append(query @ row / np.linalg.norm(query) / np.linalg.norm(row))
        order = [others[i].startswith("warm") for i in np.argsort(-np.array(scores))]
        ranks = [i + 1 for i, hit in enumerate(order) if hit]
        return float(np.mean([(k + 1) / rank for k, rank in enumerate(ranks)]))

    told = found["ranking"]
    assert told["gallery_changed"] is changes_gallery
    assert told["AP"] == pytest.approx(
        [precision((1, 1, 1)), precision((0, 1, 9), (0, 1, 9) if changes_gallery else (1, 1, 1))],
        abs=1e-6,
    )
    alone = [] if changes_gallery else [precision((0, 1, 1)), precision((1, 1, 9))]
    assert told["alone"] == pytest.approx(alone, abs=1e-6)
    assert told["AP"][0] != told["AP"][1]
    assert "the query's AP falls from" in found["sentence"]


def test_what_does_not_reach_the_ranking_is_told_from_no_change(
    command, net: Path, pictures: Path, tmp_path: Path
) -> None:
    """ "AP 0" stood beside layers that the described one does not read."""
    weights, out = tmp_path / "none.caffemodel", tmp_path / "gallery"
    write_caffemodel(weights, "means", [("unused", "Power", [np.zeros(1)])])
    whose = ("--net", net, "--weights", weights)
    words = ("--layer", "relu", "--pool", "gap", "--out", out, "--images", pictures)
    assert command("index", *whose, *words).code == 0
    asked = ("intervene", *whose, "--image", pictures / "warm/a.png", "--query", out)
    off = ("--off", "relu:0", "--off", "pool:1")
    told = command(*asked, *off, "--json").json["ranking"]
    assert (told["moved"], told["moved_alone"]) == (True, [True, False])
    said = command(*asked, *off).out
    assert said.count("nothing of it reaches relu.") == 1
    found = command(*asked, "--off", "pool:1", "--json").json
    assert found["ranking"]["moved"] is False
    assert "nothing reaches relu, so the query's AP stays at" in found["sentence"]


def test_channels_by_what_their_loss_costs(command, net: Path, pictures: Path) -> None:
    words = ("--net", net, "--image", pictures / "warm/a.png", "--rank-channels", "relu", "--json")
    found = command("intervene", *words).json
    before = colour_of("warm/a")
    wanted = {c: softmax(np.where(np.arange(3) == c, 0, before))[0] for c in range(3)}
    assert found["score"] == pytest.approx(softmax(before)[0], abs=1e-6)
    assert [one["channel"] for one in found["channels"]] == sorted(wanted, key=wanted.__getitem__)
    for one in found["channels"]:
        assert one["change"] == pytest.approx(wanted[one["channel"]] - softmax(before)[0], abs=1e-6)


def test_a_list_is_saved_and_read_again(command, net: Path, pictures: Path, tmp_path: Path) -> None:
    image, path = pictures / "warm/a.png", tmp_path / "list.json"
    first = ("--off", "relu:0,2", "--scale", "less:1=0.5", "--use", "less:1=twice", "--save", path)
    was = command("intervene", "--net", net, "--image", image, *first, "--json").json
    now = command("intervene", "--net", net, "--image", image, "--list", path, "--json").json
    assert [one["after"] for one in now["classes"]] == [one["after"] for one in was["classes"]]
    assert [one.label for one in read_interventions(path)] == [
        "0 and 2 off", "1 × 0.5", "1 from twice",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "is no list of interventions"),
        ({"format": "blobscope interventions"}, "is damaged"),
        ({"format": "blobscope interventions", "interventions": [], "version": 2}, "newer"),
        ({"format": "blobscope interventions", "interventions":
          [{"value": ["relu", "less"], "kind": "away"}]}, "is damaged"),
        ({"format": "blobscope interventions", "interventions":
          [{"value": ["relu", "less"], "kind": "off", "channels": [-1]}]}, "no channel -1"),
        ({"format": "blobscope interventions", "interventions":
          [{"value": ["relu", "less"], "kind": "only"}]}, "Which channels"),
        ({"format": "blobscope interventions", "interventions":
          [{"value": ["relu", "less"], "kind": "off"}] * 1001}, "1,000 at most"),
    ],
)  # fmt: skip
def test_a_damaged_list_is_refused(document: object, words: str) -> None:
    with pytest.raises(AppError, match=words):
        as_interventions(document, "list.json")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--off", "relu:3"), "there is no channel 3"),
        (("--off", "nowhere:1"), "no layer 'nowhere'"),
        (("--scale", "relu:1=much"), "'much' is no number"),
        (("--scale", "relu:1"), "says not what to put there"),
        (("--use", "relu=pool"), "can't stand in for"),
        (("--use", "relu=pool"), "Of that shape: data, less and twice."),
        ((), "name an intervention"),
    ],
)
def test_what_can_not_be_done_is_said(command, net: Path, pictures: Path, words, said) -> None:
    answer = command("intervene", "--net", net, "--image", pictures / "warm/a.png", *words)
    assert answer.code != 0
    assert said in answer.err
