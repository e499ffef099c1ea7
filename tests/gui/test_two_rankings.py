"""Two rankings of one query, and every query by its AP, on galleries that are read already."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QImage

from core.engines.values import Value
from core.interventions.intervention import Intervention
from core.retrieval.gallery import open_gallery
from core.retrieval.search import rank_image
from gui.panels.retrieval.controls import QUERIES_VIEW, RANKING_VIEW, TWO_VIEW
from gui.panels.retrieval.view import RecipeChoice
from tests.gui.conftest import COLOURS, N_EACH
from tests.gui.test_searching import NET, open_net, read_too, settle

CONV1 = RecipeChoice("conv1", "conv1", "gap")
FC8 = RecipeChoice("fc8", "fc8", "flatten")


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path):
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    return bench


@pytest.fixture
def two(searched, qtbot):
    """The view in front, with three representations read: the first one, GAP of conv1, and fc8."""
    read_too(searched, qtbot, CONV1)
    read_too(searched, qtbot, FC8)
    searched.window.resize(1280, 720)
    searched.window.panels.retrieval.recipe_bar.views.choose(TWO_VIEW)
    settle(searched, qtbot)
    return searched.window.panels.retrieval.two


def distance(first: QColor, second: QColor) -> int:
    return sum(abs(a - b) for a, b in zip(first.getRgb(), second.getRgb(), strict=True))


def ask(searched, qtbot, first: RecipeChoice, second: RecipeChoice) -> None:
    searched.window.panels.retrieval.two.choices_requested.emit(first, second)
    settle(searched, qtbot)


def order(searched, choice: RecipeChoice, query: int) -> list[int]:
    """The ranking of an image as the gallery on the disk gives it."""
    kept = {one.choice: kept for one, kept in searched.gallery_list.read}[choice]
    return rank_image(open_gallery(kept.folder), query).index.tolist()


def test_with_one_representation_it_says_what_is_missing(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    panel.recipe_bar.views.choose(TWO_VIEW)
    settle(searched, qtbot)
    assert panel.two.empty_state.isVisible()
    assert "two representations" in panel.two.empty_state.sentence
    assert not panel.recipe_bar.layer_button.isVisible()
    panel.recipe_bar.views.choose(RANKING_VIEW)
    assert panel.recipe_bar.layer_button.isVisible()


def test_both_rankings_are_those_of_their_galleries(searched, two, qtbot) -> None:
    ask(searched, qtbot, CONV1, FC8)
    rows = two.canvas._rows
    for row, choice in zip(rows, (CONV1, FC8), strict=True):
        assert [tile.index for tile in row] == order(searched, choice, 0)
    assert two.lines[1].layer_button.words == "fc8"
    assert "(non-interpolated)" in two.lines[0].ap_words.text()
    assert two.sentence.text().startswith("B finds ")
    verdicts = [tile.mark == "relevant" for tile in rows[0]]
    wrong, last = verdicts.index(False) + 1, len(verdicts) - verdicts[::-1].index(True)
    assert two.lines[0].note.text() == f"first wrong at {wrong}, last relevant at {last}"
    said = two.sentence.text()
    assert f"AP {two.lines[0].ap.text()} " in said
    assert not searched.searching.is_reading


def test_what_is_not_read_is_not_offered(two) -> None:
    rows = two.lines[0].layer_button.rows_wanted()
    assert {row.layer for row in rows} == {"conv1", "relu1", "fc8"}


def test_a_net_that_is_changed_is_shown_against_itself(searched, qtbot, photos: Path) -> None:
    """With one representation alone: A is the net as it is, B the same with interventions."""
    bench, of = searched, searched.layer.interventions
    bench.opening.open_image(bench.searching.found.query.path)
    settle(bench, qtbot)
    value = Value("relu1", "conv1")
    changes = [Intervention(value, "off", (0,)), Intervention(value, "scale", (1,), -4.0)]
    of.model.add(changes, "two")
    settle(bench, qtbot)
    panel, two = of.panel, bench.window.panels.retrieval.two
    assert not panel.two_link.isHidden()
    assert all("AP " in effect for _, effect in panel.rows.lines)
    panel.two_link.clicked.emit()
    settle(bench, qtbot)
    assert bench.window.page == "retrieval"
    assert two.isVisible()
    assert not two.empty_state.isVisible()
    assert "without channel 0" in two.lines[1].words.text().lower()
    assert panel.after.text().startswith(f"after   AP {two.lines[1].ap.text()}")
    before = [tile.index for tile in bench.searching.found.tiles]
    assert [tile.index for tile in two.canvas._rows[0]] == before
    two.query_requested.emit(7)
    settle(bench, qtbot)
    assert [t.index for t in two.canvas._rows[0]] == [t.index for t in bench.searching.found.tiles]
    assert before != [tile.index for tile in two.canvas._rows[0]]
    of.model.remove(1)
    settle(bench, qtbot)
    assert " and " not in two.lines[1].words.text()
    of.model.remove_all()
    settle(bench, qtbot)
    assert two.empty_state.isVisible()


def test_swap_turns_both_around(searched, two, qtbot) -> None:
    ask(searched, qtbot, CONV1, FC8)
    before = [line.ap.text() for line in two.lines], two.canvas._rows[1][0].name
    two.swap_button.click()
    settle(searched, qtbot)
    assert [line.ap.text() for line in two.lines] == before[0][::-1]
    assert two.canvas._rows[0][0].name == before[1]


def test_a_click_selects_the_image_in_both_and_enter_asks_with_it(searched, two, qtbot) -> None:
    ask(searched, qtbot, CONV1, FC8)
    canvas = two.canvas
    first, second = (order(searched, choice, 0) for choice in (CONV1, FC8))
    qtbot.mouseClick(canvas, Qt.LeftButton, pos=canvas.tile_rect(1, 2).center())
    assert canvas.places == (first.index(second[2]), 2)
    assert f"rank {first.index(second[2]) + 1} in A, rank 3 in B" in canvas.accessibleDescription()
    qtbot.keyClick(canvas, Qt.Key_Up)
    qtbot.keyClick(canvas, Qt.Key_Home)
    assert canvas.places == (0, second.index(first[0]))
    qtbot.keyClick(canvas, Qt.Key_Return)
    settle(searched, qtbot)
    assert searched.searching.found.answer.query.index == first[0]
    assert [tile.index for tile in canvas._rows[0]] == order(searched, CONV1, first[0])


def test_a_relevant_image_is_joined_in_green_and_the_selected_one_in_the_accent(
    searched, two, qtbot
) -> None:
    ask(searched, qtbot, CONV1, CONV1)  # no image moves: every line is upright
    canvas, theme = two.canvas, searched.keeper.theme

    def colour(place: int) -> str:
        image = canvas.grab().toImage()  # which lays out first what waits for it
        box = canvas.tile_rect(0, place)
        y = (box.bottom() + canvas.tile_rect(1, place).top()) // 2
        strip = [image.pixelColor(box.center().x() + dx, y) for dx in (-1, 0, 1)]
        line = max(strip, key=lambda found: distance(found, theme.panel))
        assert distance(line, theme.panel) > 60  # there is a line
        if line.hsvSaturation() < 100:
            return "grey"
        return min(("relevant", "accent"), key=lambda role: distance(line, getattr(theme, role)))

    marks = [tile.mark for tile in canvas._rows[0]]
    right, wrong = marks.index("relevant"), marks.index("not relevant")
    assert (colour(right), colour(wrong)) == ("relevant", "grey")
    canvas.select(0, right)
    assert colour(right) == "accent"


def test_a_table_of_both_says_what_it_is_of(searched, two, qtbot, user, tmp_path: Path) -> None:
    ask(searched, qtbot, CONV1, FC8)
    user.files.append((tmp_path / "two.csv",))
    two.csv_button.click()
    with (tmp_path / "two.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    said = "\n".join(row[0] for row in rows if row[0].startswith("# "))
    assert f"# {two.sentence.text()}" in said
    assert "# AP: non-interpolated" in said
    assert "# A: Value conv1 · conv1@0, pooled GAP" in said
    assert "# B: Value fc8, pooled flatten" in said
    table = [row for row in rows if not row[0].startswith("# ")]
    assert len(table) == 3 * N_EACH
    first, second = (order(searched, choice, 0) for choice in (CONV1, FC8))
    there = second.index(first[0]) + 1
    assert (table[1][3], table[1][5], table[1][7]) == ("1", str(there), str(1 - there))


def test_the_view_ranks_nothing_until_it_is_in_front(searched, qtbot) -> None:
    read_too(searched, qtbot, FC8)
    ranked = []
    searched.retrieval.two_rankings.ranked.connect(ranked.append)
    searched.searching.query_index(3)
    settle(searched, qtbot)
    assert not ranked
    searched.window.panels.retrieval.recipe_bar.views.choose(TWO_VIEW)
    settle(searched, qtbot)
    assert len(ranked) == 1


def test_queries_come_worst_first_and_open_their_ranking(
    bench, qtbot, tmp_path: Path, photos: Path
) -> None:
    Image.new("RGB", (20, 20), COLOURS["red"]).save(photos / "blue" / "odd.png")
    searched, net = bench, tmp_path / "net.prototxt"
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    panel = searched.window.panels.retrieval
    panel.recipe_bar.views.choose(QUERIES_VIEW)
    model = panel.queries.table.rows
    aps = [float(model.index(row, 2).data()) for row in range(model.rowCount())]
    assert len(aps) == 3 * N_EACH + 1
    assert aps == sorted(aps)
    assert aps[0] < aps[-1]
    assert model.index(0, 0).data() == "blue/odd.png"
    mean = panel.chart.rows[0].mean_ap
    assert np.mean(aps) == pytest.approx(100 * mean, abs=0.05)
    name = model.index(4, 0).data()
    panel.queries.table.selectRow(4)
    qtbot.keyClick(panel.queries.table, Qt.Key_Return)
    settle(searched, qtbot)
    assert panel.recipe_bar.views.current == RANKING_VIEW
    assert panel.query_column.name.text() == name
    assert panel.query_column.ap.text() == f"{aps[4]:.1f}"
    assert dict(panel.query_column.measures.facts)["First wrong"] == model.index(4, 3).data()


def test_queries_are_filtered_by_label_and_have_pictures(searched, qtbot) -> None:
    queries = searched.window.panels.retrieval.queries
    searched.window.panels.retrieval.recipe_bar.views.choose(QUERIES_VIEW)
    queries.field.setText("BLU")
    model = queries.table.rows
    assert [model.index(row, 1).data() for row in range(queries.n_shown)] == ["blue"] * N_EACH
    assert f"{N_EACH} of {3 * N_EACH} queries" in queries.sentence.text()
    queries.grab()

    def blue() -> int:
        picture: QImage = model.index(0, 0).data(Qt.DecorationRole)
        return picture.pixelColor(picture.rect().center()).blue()

    qtbot.waitUntil(lambda: blue() > 100, timeout=10000)
    queries.field.setText("no such")
    assert queries.n_shown == 0
    assert "None of the 18 queries" in queries.sentence.text()
