"""A ranking that is written says what it is of: query, net, weights, value, recipe, variant."""

from __future__ import annotations

import csv
import html
from pathlib import Path

import pytest
from PyQt5.QtGui import QImage

from core import __version__
from core.retrieval.descriptor import text_sha256
from tests.gui.conftest import N_EACH
from tests.gui.test_searching import NET, open_net, settle


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path):
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    return bench


def test_a_table_of_a_ranking_says_what_it_is_of(searched, user, tmp_path: Path, photos) -> None:
    user.files.append((tmp_path / "r.csv",))
    searched.window.panels.retrieval.recipe_bar.csv_requested.emit()
    lines = (tmp_path / "r.csv").read_text(encoding="utf-8").splitlines()
    caption = [line for line in lines if line.startswith("# ")]
    said = "\n".join(caption)
    assert f"Ranking of 17 images of {photos} for blue/0.png, label blue" in caption[0]
    assert "(non-interpolated)" in caption[1]
    assert "5 relevant" in caption[1]
    assert f"Net net.prototxt (SHA-256 {text_sha256(NET)[:12]}), fillers (filler 0)" in said
    assert "Value relu1 · conv1@1, pooled GeM, L2, cosine; warp to 8" in said
    assert caption[-1] == f"# Blobscope {__version__}"
    table = list(csv.reader(lines[len(caption) :]))
    assert table[0] == ["rank", "score", "file", "label", "relevant"]
    assert len(table) == 3 * N_EACH
    first = searched.window.panels.retrieval.tiles[0]
    assert table[1] == ["1", f"{first.score:.6f}", f"{first.name}.png", "blue", "1"]


def test_a_picture_of_a_ranking_says_so_too(searched, user, qtbot, tmp_path: Path) -> None:
    user.files.append((tmp_path / "r.png",))
    searched.window.panels.retrieval.recipe_bar.picture_requested.emit()
    qtbot.waitUntil((tmp_path / "r.png").exists, timeout=15000)
    settle(searched, qtbot)
    picture = QImage(str(tmp_path / "r.png"))
    assert picture.width() > 2000
    said = picture.text("Description")
    assert said.splitlines() == list(searched.retrieval.ranking_files.caption())
    assert "relu1 · conv1@1" in said
    tones = {picture.pixelColor(x, 80).name() for x in range(40, 1600, 2)}
    below = [picture.pixelColor(x, y) for x in range(50, 300, 9) for y in range(150, 600, 9)]
    blue = sum(colour.blue() > 150 > colour.red() + 50 for colour in below)
    assert blue > 200  # the query stands first
    assert len(tones) > 2  # the caption is drawn, not only kept beside


def test_without_a_ranking_there_is_nothing_to_write(bench, user) -> None:
    assert not bench.window.panels.retrieval.recipe_bar.export_button.isEnabled()
    bench.retrieval.ranking_files.choose_csv()
    bench.retrieval.ranking_files.choose_picture()
    assert user.asked == []


def test_a_page_of_a_ranking_has_its_pictures_and_what_it_is_of(
    searched, user, qtbot, tmp_path: Path
) -> None:
    user.files.append((tmp_path / "r.html",))
    searched.window.panels.retrieval.recipe_bar.html_requested.emit()
    qtbot.waitUntil(lambda: searched.lanes.is_idle, timeout=30000)
    page = (tmp_path / "r.html").read_text()
    n_ranked = len(searched.window.panels.retrieval.tiles)
    assert page.count("data:image/jpeg;base64,") == n_ranked + 1
    for line in searched.retrieval.ranking_files.caption():
        assert html.escape(line, quote=False).split("'")[0] in page
