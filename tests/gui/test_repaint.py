"""What a movement of the mouse costs on a display far away: the pixels that are painted anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtCore import QEvent, QObject
from PyQt5.QtWidgets import QApplication, QWidget


class _Painted(QObject):
    """Adds up the pixels of the paint events of some widgets."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.n_pixels = 0
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Paint:
            self.n_pixels += sum(r.width() * r.height() for r in event.region().rects())
        return False

    def taken(self) -> int:
        """What was painted since it was last asked."""
        QApplication.processEvents()
        n_pixels, self.n_pixels = self.n_pixels, 0
        return n_pixels


@pytest.fixture
def shown(qtbot, bench, repository: Path):
    bench.window.resize(1440, 900)
    bench.opening.open_model(repository / "prototxt" / "vgg16_deploy.prototxt")
    qtbot.waitUntil(lambda: bench.document.net is not None, timeout=10000)
    graph = bench.window.panels.graph
    graph.set_folded(False)
    graph.canvas.set_scale(1.0)
    bench.document.select("conv1_2")
    qtbot.waitUntil(lambda: not graph.canvas.is_gliding)
    graph.canvas.centerOn(graph.scene.layer_items[2].frame().center())  # relu1_1, all in view
    return bench


def test_hovering_a_row_or_a_box_paints_a_hundredth_of_the_window(qtbot, shown) -> None:
    window, panels = shown.window, shown.window.panels
    painted = _Painted(window)
    window_pixels = window.width() * window.height()
    painted.taken()
    for name in ("conv1_1", "relu1_1", "relu1_2", ""):
        panels.layer_table.highlight(name)
        panels.graph.highlight(name)
        qtbot.waitUntil(lambda: painted.n_pixels > 0)
        assert painted.taken() < 0.02 * window_pixels, name


def test_selecting_paints_the_marks_in_graph_and_table_and_not_all_of_them(qtbot, shown) -> None:
    panels = shown.window.panels
    canvas, rows = panels.graph.canvas.viewport(), panels.layer_table.view.viewport()
    in_graph, in_table = _Painted(canvas), _Painted(rows)
    in_graph.taken(), in_table.taken()
    for name in ("relu1_1", "conv1_1"):
        shown.document.select(name)
        qtbot.waitUntil(lambda: in_graph.n_pixels > 0 and not panels.graph.canvas.is_gliding)
        assert in_graph.taken() < 0.25 * canvas.width() * canvas.height()
        assert in_table.taken() < 0.25 * rows.width() * rows.height()


def test_moving_the_view_repaints_the_frame_in_the_overview_alone(qtbot, shown) -> None:
    graph = shown.window.panels.graph
    overview = _Painted(graph.overview)
    overview.taken()
    graph.canvas.pan(0, 30)
    qtbot.waitUntil(lambda: overview.n_pixels > 0)
    share = overview.taken() / (graph.overview.width() * graph.overview.height())
    assert share < 0.7
