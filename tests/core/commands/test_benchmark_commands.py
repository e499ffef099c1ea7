"""`evaluate` by the rule of a benchmark whose ground truth is given as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from core.images.preprocess import Preprocess
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.indexing import index_folder
from tests.core.retrieval.conftest import StubEngine
from tests.core.retrieval.describers import describer


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Pictures a to g, each nearer to the next than to those behind it."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for shade, name in enumerate("abcdefg"):
        Image.new("RGB", (8, 8), (255 - 30 * shade, 0, 30 * shade)).save(folder / f"{name}.png")
    recipe = DescriptorRecipe("conv", "conv", "gap", 3.0, Preprocess("warp", 8, 8), "net", "w")
    run_job(index_folder(describer(StubEngine(), recipe), folder, tmp_path / "gallery"))
    return tmp_path / "gallery"


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """a finds b, c, d, e, f in this order, and g the other way round."""
    gnd = [
        {"easy": [0], "hard": [3], "junk": [1]},  # b, e; c
        {"easy": [], "hard": [3], "junk": []},
    ]
    path = tmp_path / "gnd.json"
    path.write_text(json.dumps({"imlist": list("bcdef"), "qimlist": ["a", "g"], "gnd": gnd}))
    return path


def test_the_revisited_truth_gives_its_three_levels(command, gallery: Path, truth: Path) -> None:
    found = command("evaluate", gallery, "--truth", f"revisited:{truth}", "--json").json
    by_hand = {
        "revisited-easy": (1.0, 1),  # of a alone, which finds b at once
        "revisited-medium": (((1 + 1 + 1 / 2 + 2 / 3) / 4 + (0 + 1 / 2) / 2) / 2, 2),
        "revisited-hard": (0.25, 2),  # behind d for a, behind f for g
    }
    got = {one["protocol"]: (one["mAP"], one["n_queries"]) for one in found["levels"]}
    assert got.keys() == by_hand.keys()
    for level, (mean, n_queries) in by_hand.items():
        assert got[level] == (pytest.approx(mean), n_queries)
    alone = command("evaluate", gallery, "--truth", f"revisited-hard:{truth}", "--json").json
    assert (alone["protocol"], alone["mAP"]) == ("revisited-hard", pytest.approx(0.25))
    said = command("evaluate", gallery, "--truth", f"revisited:{truth}").out
    assert [level in said for level in by_hand] == [True] * 3


def test_a_pickle_is_told_what_to_give_instead(command, gallery: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "gnd_roxford5k.pkl"
    pickled.write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    said = command("evaluate", gallery, "--truth", f"revisited:{pickled}")
    assert said.code == 1
    assert "never opened" in said.err
    assert "JSON" in said.err
