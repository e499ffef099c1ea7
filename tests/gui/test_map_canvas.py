"""The map's canvas by itself: colours by label, lasso, selection, zoom, keyboard, speed."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPointF, Qt
from PyQt5.QtGui import QColor, QImage, QMouseEvent
from PyQt5.QtWidgets import QApplication

from gui.panels.retrieval.maps.canvas import MapCanvas
from gui.panels.retrieval.maps.legend import MapLegend
from gui.panels.retrieval.maps.picking import inside, next_image
from gui.panels.retrieval.maps.points import paint_points
from gui.panels.retrieval.maps.thumbs import MOST_AT_ONCE, SIDE, with_room
from gui.panels.retrieval.maps.values import COLOURS, MOST_LABELS, MapImages, MapLayer
from gui.panels.retrieval.view import RecipeChoice, ResultTile
from gui.theme import Theme, ThemeKeeper
from gui.thumbnails import ThumbnailStore

CHOICE = RecipeChoice("conv", "conv", "gap")


def images_of(*labels: str | None) -> MapImages:
    def tile(index: int) -> ResultTile:
        name = f"{labels[index] or 'none'}/{index}"
        return ResultTile(0, index, Path(f"/{name}.png"), name, 0.0, label=labels[index] or "")

    names = tuple(dict.fromkeys(labels))
    return MapImages(names, np.array([names.index(label) for label in labels]), tile)


def layer_at(*points: tuple[float, float]) -> MapLayer:
    return MapLayer(CHOICE, "conv, GAP", "pca", np.array(points, np.float32), "PCA keeps 50 %")


@pytest.fixture
def store() -> ThumbnailStore:
    return ThumbnailStore()


@pytest.fixture
def canvas(qtbot, keeper: ThemeKeeper, store: ThumbnailStore) -> MapCanvas:
    """Five images: red ones at the left, a blue one and one without a label at the right."""
    widget = MapCanvas(keeper, store)
    qtbot.addWidget(widget)
    widget.resize(420, 300)
    widget.set_thumb_width(0)
    images = images_of("red", "red", "red", "blue", None)
    widget.show_layer(images, layer_at((0, 0), (0, 10), (1, 5), (20, 5), (20, 0)))
    widget.show()
    return widget


def drag(canvas: MapCanvas, corners: list[tuple[float, float]], modifier=Qt.NoModifier):
    points = [QPointF(round(x), round(y)) for x, y in corners]
    kinds = [QEvent.MouseButtonPress, *(QEvent.MouseMove for _ in points[1:])]
    for kind, point in (*zip(kinds, points, strict=True), (QEvent.MouseButtonRelease, points[-1])):
        button = Qt.NoButton if kind == QEvent.MouseMove else Qt.LeftButton
        held = Qt.NoButton if kind == QEvent.MouseButtonRelease else Qt.LeftButton
        QApplication.sendEvent(canvas, QMouseEvent(kind, point, button, held, modifier))


def around(canvas: MapCanvas, *indices: int) -> list[tuple[float, float]]:
    """Corners about some images."""
    places = [canvas.place_of(index) for index in indices]
    left, right = min(p.x() for p in places) - 14, max(p.x() for p in places) + 14
    top, bottom = min(p.y() for p in places) - 10, max(p.y() for p in places) + 10
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def colour_at(canvas: MapCanvas, index: int) -> QColor:
    at = canvas.place_of(index)
    return canvas.grab().toImage().pixelColor(round(at.x()), round(at.y()))


def test_points_have_the_colours_of_their_labels(canvas: MapCanvas, keeper) -> None:
    looks = {look.label: look.colour(keeper.theme) for look in canvas._images.looks}
    assert colour_at(canvas, 0) == looks["red"] == colour_at(canvas, 2)
    assert colour_at(canvas, 3) == looks["blue"]
    assert colour_at(canvas, 4) == keeper.theme.junk
    assert len({colour.name() for colour in looks.values()}) == 3


def test_a_lasso_tells_the_images_in_it(canvas: MapCanvas, qtbot) -> None:
    with qtbot.waitSignal(canvas.lasso_drawn) as drawn:
        drag(canvas, around(canvas, 0, 1, 2))
    assert drawn.args[0].tolist() == [0, 1, 2]


def test_what_is_not_chosen_is_pale(canvas: MapCanvas, keeper) -> None:
    before = colour_at(canvas, 3)
    canvas.choose(np.array([True, True, True, False, False]))
    assert colour_at(canvas, 3) != before
    assert colour_at(canvas, 0) == canvas._images.looks[1].colour(keeper.theme)


def test_escape_lets_go_of_the_lasso(canvas: MapCanvas, qtbot) -> None:
    canvas.choose(np.array([True, False, False, False, False]))
    with qtbot.waitSignal(canvas.lasso_drawn) as drawn:
        qtbot.keyClick(canvas, Qt.Key_Escape)
    assert drawn.args[0].size == 0


def test_shift_moves_the_map_in_place_of_a_lasso(canvas: MapCanvas, qtbot) -> None:
    before = canvas.place_of(0)
    with qtbot.assertNotEmitted(canvas.lasso_drawn):
        drag(canvas, [(100, 100), (130, 120), (160, 140)], Qt.ShiftModifier)
    moved = canvas.place_of(0) - before
    assert (round(moved.x()), round(moved.y())) == (60, 40)


def test_a_click_selects_and_a_double_click_asks(canvas: MapCanvas, qtbot) -> None:
    at = canvas.place_of(3).toPoint()
    with qtbot.waitSignal(canvas.image_selected) as selected:
        qtbot.mouseClick(canvas, Qt.LeftButton, pos=at)
    assert selected.args == [3]
    assert "blue/3" in canvas.accessibleDescription()
    with qtbot.waitSignal(canvas.image_activated) as asked:
        qtbot.mouseDClick(canvas, Qt.LeftButton, pos=at)
    assert asked.args == [3]


def test_arrows_go_to_the_next_image_that_way(canvas: MapCanvas, qtbot) -> None:
    canvas.select(0)
    qtbot.keyClick(canvas, Qt.Key_Right)
    assert canvas.current == 4  # at the same height, though 2 is nearer up there
    qtbot.keyClick(canvas, Qt.Key_Up)
    assert canvas.current == 3
    qtbot.keyClick(canvas, Qt.Key_Right)
    assert canvas.current == 3  # nothing lies beyond
    with qtbot.waitSignal(canvas.image_activated) as asked:
        qtbot.keyClick(canvas, Qt.Key_Return)
    assert asked.args == [3]


def test_next_image_weighs_what_lies_aside() -> None:
    places = np.array([[0, 0], [10, 9], [14, 1], [np.nan, np.nan]])
    assert next_image(places, 0, 1, 0) == 2
    assert next_image(places, 0, -1, 0) == 0


def test_zooming_keeps_what_is_under_the_mouse(canvas: MapCanvas, qtbot) -> None:
    at = canvas.place_of(2)
    away = canvas.place_of(3).x() - at.x()
    canvas.zoom(2.0, at)
    assert (canvas.place_of(2) - at).manhattanLength() < 1e-6
    assert canvas.place_of(3).x() - at.x() == pytest.approx(2 * away)
    qtbot.keyClick(canvas, Qt.Key_0)
    assert canvas.place_of(3).x() - canvas.place_of(2).x() == pytest.approx(away)


def test_a_selected_image_beyond_the_edge_comes_into_view(canvas: MapCanvas) -> None:
    canvas.zoom(8.0, canvas.place_of(3))
    assert not canvas.rect().contains(canvas.place_of(0).toPoint())
    canvas.select(0)
    assert canvas.rect().contains(canvas.place_of(0).toPoint())


def test_thumbnails_are_framed_by_label(canvas: MapCanvas, store, keeper) -> None:
    canvas.set_thumb_width(40)
    canvas.grab()
    grey = QImage(SIDE, 82, QImage.Format_RGB888)
    grey.fill(QColor(90, 90, 90))
    store.put([((Path("/blue/3.png"), SIDE), grey)])
    at, image = canvas.place_of(3), canvas.grab().toImage()
    assert image.pixelColor(at.toPoint()) == QColor(90, 90, 90)
    frame = image.pixelColor(round(at.x()) - 19, round(at.y()))
    looks = {look.label: look for look in canvas._images.looks}
    assert frame == looks["blue"].colour(keeper.theme)
    assert canvas.image_at(at + QPointF(15, 10)) == 3


def test_of_many_images_those_with_room_have_thumbnails() -> None:
    places = np.random.default_rng(1).uniform(0, 800, (5000, 2))
    shown = with_room(places, np.arange(5000), 40)
    assert 100 < len(shown) <= MOST_AT_ONCE
    assert np.array_equal(with_room(places[:50], np.arange(50), 40), np.arange(50))


def test_a_point_twice_within_the_line_is_out() -> None:
    ring = [(0, 0), (10, 0), (10, 10), (0, 10)]
    points = np.array([(5.0, 5.0), (11.0, 5.0), (np.nan, 1.0)])
    assert inside(points, np.array(ring, float)).tolist() == [True, False, False]
    assert not inside(points, np.array(ring + ring, float)).any()


def test_a_polygon_holds_what_its_area_says() -> None:
    """Of even points in a square, the share in a polygon is that of its area (shoelace formula)."""
    side = np.linspace(0.0005, 0.9995, 1000)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    corners = np.array([(0.1, 0.1), (0.9, 0.2), (0.5, 0.4), (0.8, 0.9), (0.3, 0.7)])
    x, y = corners.T
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    assert inside(points, corners).mean() == pytest.approx(area, abs=1e-3)


def test_labels_beyond_the_colours_have_other_shapes_then_one_entry() -> None:
    few = images_of(*(f"label {i:02}" for i in range(len(COLOURS) + 1)))
    looks = [(look.role, look.shape) for look in few.looks]
    assert looks[0] == (COLOURS[0], "disc")
    assert looks[-1] == (COLOURS[0], "square")
    many = images_of(*(f"label {i:03}" for i in range(MOST_LABELS + 7)), None)
    assert len({(look.role, look.shape) for look in many.looks}) == MOST_LABELS + 2
    assert many.looks[-2].words == "7 other labels"
    assert many.looks[-1].words == "no label"
    assert len(many.with_look(MOST_LABELS)) == 7


def test_of_points_on_one_pixel_the_later_lies_on_top() -> None:
    colours = np.array([0xFFFF0000, 0xFF0000FF], np.uint32)
    places, shapes = np.array([(10.0, 10.0), (12.0, 10.0)]), np.zeros(2, np.int64)

    def middle(order: list[int]) -> int:
        picture = paint_points(
            places, np.array(order), colours, shapes, (20, 20), 5.0, Theme.light().panel
        )
        return picture.pixelColor(11, 10).rgba()

    assert middle([0, 1]) == 0xFF0000FF
    assert middle([1, 0]) == 0xFFFF0000


def test_ten_thousand_points_are_painted_in_a_moment(qtbot, keeper, store) -> None:
    rng = np.random.default_rng(3)
    images = images_of(*(f"label {i % 12}" for i in range(10_000)))
    points = MapLayer(CHOICE, "", "pca", rng.normal(size=(10_000, 2)).astype(np.float32), "")
    canvas = MapCanvas(keeper, store)
    qtbot.addWidget(canvas)
    canvas.resize(860, 660)
    canvas.set_thumb_width(0)
    canvas.show_layer(images, points)
    canvas.grab()
    spent = []
    for _ in range(5):
        start = time.process_time()
        canvas.zoom(1.05)
        canvas.grab()
        spent.append(time.process_time() - start)
    assert min(spent) < 0.1


def test_the_legend_counts_what_has_no_room_and_a_click_names_its_entry(qtbot, keeper) -> None:
    legend = MapLegend(keeper, "Labels", has_counts=False)
    qtbot.addWidget(legend)
    images = images_of(*(f"a rather long label {i}" for i in range(30)))
    legend.resize(300, 80)
    legend.show_looks(images.looks)
    legend.show()
    shown = [i for i in range(30) if legend.entry_rect(i) is not None]
    assert 0 < len(shown) < 30
    with qtbot.waitSignal(legend.chosen) as chosen:
        qtbot.mouseClick(legend, Qt.LeftButton, pos=legend.entry_rect(2).center().toPoint())
    assert chosen.args == [2]
    qtbot.keyClick(legend, Qt.Key_Right)
    with qtbot.waitSignal(legend.chosen) as chosen:
        qtbot.keyClick(legend, Qt.Key_Return)
    assert chosen.args == [3]
