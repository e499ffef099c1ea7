"""Searching with a part of the query: drawn, typed, kept, gone back from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QGuiApplication, QMouseEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication

from core.images.box import Box
from core.images.prepared import prepare_image
from core.images.preprocess import Preprocess
from core.jobs.query import QueryRequest, query
from core.progress import run_job
from gui.panels.retrieval.controls import TWO_VIEW
from gui.panels.retrieval.view import RecipeChoice
from tests.gui.test_searching import NET, open_net, read_too, settle

CONV1 = RecipeChoice("conv1", "conv1", "gap")
FC8 = RecipeChoice("fc8", "fc8", "flatten")


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path):
    """A folder of photos, one of them of two halves and 80 x 40 pixels, which is the query."""
    halves = np.zeros((40, 80, 3), np.uint8)
    halves[:, :40] = (220, 30, 30)
    halves[:, 40:] = (20, 40, 220)
    Image.fromarray(halves).save(photos / "blue" / "halves.png")
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos, CONV1)
    settle(bench, qtbot)
    bench.searching.query_image(photos / "blue" / "halves.png")
    settle(bench, qtbot)
    bench.window.resize(1440, 900)
    picture = bench.window.panels.retrieval.query_column.picture
    qtbot.waitUntil(lambda: picture.picture_rect() is not None)
    return bench


def move(picture, to: QPoint) -> None:
    """With the button held, which QTest's own does not say."""
    event = QMouseEvent(QEvent.MouseMove, QPointF(to), Qt.NoButton, Qt.LeftButton, Qt.NoModifier)
    QApplication.sendEvent(picture, event)


def pull(picture, left: float, top: float, right: float, bottom: float) -> None:
    """Drag over a part of the picture, in shares of it."""
    box = picture.picture_rect()
    begin = QPoint(round(box.left() + left * box.width()), round(box.top() + top * box.height()))
    end = QPoint(round(box.left() + right * box.width()), round(box.top() + bottom * box.height()))
    QTest.mousePress(picture, Qt.LeftButton, pos=begin)
    move(picture, (begin + end) / 2)
    move(picture, end)
    QTest.mouseRelease(picture, Qt.LeftButton, pos=end)


def shown_order(searched) -> list[int]:
    return [tile.index for tile in searched.window.panels.retrieval.tiles]


def expected_order(searched, box: Box | None) -> list[int]:
    """As the job that the command runs ranks for it."""
    path = searched.window.panels.retrieval.query.path
    request = QueryRequest(searched.searching.gallery, (path,), searched.searching.net, box=box)
    found = run_job(query(request, searched.engine.host))
    return found.answers[0].ranking.index.tolist()


def test_a_pull_over_the_picture_ranks_for_that_part(searched, qtbot) -> None:
    column = searched.window.panels.retrieval.query_column
    whole = shown_order(searched)
    pull(column.picture, 0.5, 0.0, 1.0, 1.0)
    settle(searched, qtbot)
    found = searched.searching.found
    box = found.answer.query.box
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((40, 0, 80, 40), abs=1)
    assert column.note.text().startswith("crop ")
    assert column.note.text().endswith(" of 80 \N{MULTIPLICATION SIGN} 40 px")
    assert shown_order(searched) == expected_order(searched, box) != whole
    assert found.query.path not in {tile.path for tile in searched.window.panels.retrieval.tiles}
    column.part.whole_button.click()
    settle(searched, qtbot)
    assert shown_order(searched) == whole
    assert column.picture.part is None
    assert not column.part.whole_button.isVisible()


def test_a_part_can_be_typed_and_a_wrong_one_says_what_it_is(searched, qtbot) -> None:
    column = searched.window.panels.retrieval.query_column
    column.part.field.setText("0, 0, 40, 40")
    qtbot.keyClick(column.part.field, Qt.Key_Return)
    settle(searched, qtbot)
    assert searched.searching.found.answer.query.box == Box(0, 0, 40, 40)
    assert column.picture.part.width() == pytest.approx(0.5)
    before = shown_order(searched)
    column.part.field.setText("40, 0, 10, 40")
    qtbot.keyClick(column.part.field, Qt.Key_Return)
    settle(searched, qtbot)
    assert searched.notices.has("query")
    assert shown_order(searched) == before


def test_a_click_is_no_part_and_escape_lets_a_pull_go(searched, qtbot) -> None:
    picture = searched.window.panels.retrieval.query_column.picture
    pull(picture, 0.5, 0.5, 0.505, 0.505)
    QTest.mousePress(picture, Qt.LeftButton, pos=QPoint(20, 20))
    move(picture, QPoint(60, 40))
    assert picture.part is not None
    qtbot.keyClick(picture, Qt.Key_Escape)
    QTest.mouseRelease(picture, Qt.LeftButton, pos=QPoint(60, 40))
    settle(searched, qtbot)
    assert searched.searching.found.answer.query.box is None


def test_the_part_is_gone_back_to_and_kept_with_another_layer(searched, qtbot, photos) -> None:
    searched.searching.query_image(photos / "blue" / "halves.png", Box(0, 0, 40, 40))
    settle(searched, qtbot)
    searched.searching.query_image(photos / "red" / "0.png")
    settle(searched, qtbot)
    searched.searching.asker.go(-1)
    settle(searched, qtbot)
    assert searched.searching.found.answer.query.box == Box(0, 0, 40, 40)
    read_too(searched, qtbot, FC8)
    assert searched.searching.found.answer.query.box == Box(0, 0, 40, 40)
    panel = searched.window.panels.retrieval
    panel.recipe_bar.views.choose(TWO_VIEW)
    settle(searched, qtbot)
    assert panel.two.picture.part.width() == pytest.approx(0.5)
    session = searched.sessions.snapshot()
    assert session.search.box == Box(0, 0, 40, 40)


def test_the_command_has_the_box(searched, qtbot, photos) -> None:
    searched.searching.query_image(photos / "blue" / "halves.png", Box(0, 0, 40, 40))
    settle(searched, qtbot)
    searched.window.panels.retrieval.recipe_bar.command_requested.emit()
    words = QGuiApplication.clipboard().text().split()
    assert words[:2] == ["main.py", "query"]
    assert words[-1] == "--box=0,0,40,40"
    assert words[-2].endswith("halves.png")


def test_a_table_with_boxes_evaluates_and_asks_with_them(searched, qtbot, photos, tmp_path) -> None:
    gallery = searched.searching.gallery
    rows = [f"{path},{path.partition('/')[0]}," for path in gallery.images.paths]
    text = "\n".join(["file,label,box", *rows]) + "\n"
    table = tmp_path / "labels.csv"
    table.write_text(text.replace("blue/halves.png,blue,", "blue/halves.png,blue,40 0 80 40"))
    searched.gallery_work.label(str(table))
    settle(searched, qtbot)
    panel = searched.window.panels.retrieval
    assert panel.chart.rows == ()  # a pass for each box is not begun unasked
    panel.evaluate_requested.emit()
    settle(searched, qtbot)
    index = gallery.images.paths.index("blue/halves.png")
    scored = next(q for q in panel.chart.rows[0].queries if q.index == index)
    searched.searching.query_index(index)
    settle(searched, qtbot)
    assert searched.searching.found.answer.query.box == Box(40, 0, 80, 40)
    assert panel.query.average_precision == pytest.approx(scored.score.average_precision)


def test_a_box_of_a_turned_picture_is_of_the_upright_one(tmp_path: Path) -> None:
    """A recipe that ignores EXIF is fed with the picture as stored, but with the part drawn."""
    stored = np.zeros((20, 30, 3), np.uint8)
    stored[:, :10] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise: the white is on top then
    path = tmp_path / "turned.png"
    Image.fromarray(stored).save(path, exif=exif)
    upper = Box(0, 0, 20, 10)  # of the upright 20 x 30
    for is_turned in (True, False):
        recipe = Preprocess("warp", 8, 8, exif=is_turned)
        assert prepare_image(path, recipe, upper).values.min() == 255
        assert prepare_image(path, recipe, Box(0, 10, 20, 30)).values.max() == 0
