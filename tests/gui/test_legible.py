"""Whatever the net, the page and the window's size: no text is cut, and no two read the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QRect, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTabBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from tests.gui.legible.faults import Fault, find_faults
from tests.gui.legible.sources import Elisions
from tests.gui.legible.walk import OF_MATERIAL, REPOSITORY, SHIPPED, SIZES, Walk, walk_net

LEAST = QSize(1100, 640)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """One window for all nets: each is opened in what the one before has left."""
    walk = Walk(tmp_path_factory.mktemp("walk"))
    with walk.elisions.listening():
        yield walk
    assert walk.close()


@pytest.mark.parametrize("name", SHIPPED)
def test_nets_that_we_ship_can_be_read_at_every_size(walk: Walk, name: str) -> None:
    assert walk_net(walk, REPOSITORY / SHIPPED[name], SIZES) == []


@pytest.mark.parametrize("name", OF_MATERIAL)
def test_nets_of_others_can_be_read(walk: Walk, name: str, material: Callable[[str], Path]) -> None:
    assert walk_net(walk, material(OF_MATERIAL[name]), SIZES[:2]) == []


def test_start_page_ranking_and_dialogs_can_be_read(walk: Walk) -> None:
    walk.open(REPOSITORY / SHIPPED["squeezenet"])
    walk.search()
    found = walk.faults_at((LEAST, *SIZES), "ranking")
    for state in walk.rankings():
        found += walk.faults_at((LEAST, *SIZES), state)
    walk.window.actions_["rename_all"].trigger()
    for state in walk.dialogs():
        found += walk.faults_at(SIZES[:1], state)
    walk.window.show_net_there(False)
    assert found + walk.faults_at((LEAST, *SIZES), "start") == []


def test_the_sweep_can_be_read(walk: Walk) -> None:
    walk.open(REPOSITORY / SHIPPED["squeezenet"])
    walk.search()
    panel = walk.window.panels.retrieval
    panel.recipe_bar.views.choose("sweep")
    found = walk.faults_at((LEAST, *SIZES), "no sweep")
    panel.sweep.bar.poolings.ticks["mac+rmac"].setChecked(True)
    panel.sweep.bar.start_button.click()
    walk.settle()
    assert panel.sweep.table.rows
    found += walk.faults_at((LEAST, *SIZES), "sweep")
    panel.recipe_bar.views.choose("ranking")
    assert found == []


def test_a_screen_of_twice_the_dots_shows_as_much() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.legible.walk", "squeezenet", "--sizes", "1280x720"],
        cwd=REPOSITORY,
        env={**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "0 faults\n", done.stderr[-2000:]


class Painted(QWidget):
    """Text that its own code paints, with a limit or without."""

    def __init__(self, text: str, *, is_limited: bool) -> None:
        super().__init__()
        self.text, self.is_limited = text, is_limited

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        place = self.rect() if self.is_limited else QRect(0, 0, 2000, 20)
        painter.drawText(place, int(Qt.AlignVCenter), self.text)
        painter.end()


def faults_of(qtbot, *widgets: QWidget, width: int = 100) -> list[Fault]:
    """Each widget a row of its own in a window, which is `width` wide."""
    window = QWidget()
    qtbot.addWidget(window)
    for row, widget in enumerate(widgets):
        widget.setParent(window)
        widget.setGeometry(0, 100 * row, width, 90)
    window.resize(width, 100 * len(widgets))
    elisions = Elisions()
    with elisions.listening():
        window.show()
        qtbot.waitExposed(window)
        return find_faults(window, elisions)


def combo(text: str) -> QComboBox:
    box = QComboBox()
    box.addItem(text)
    return box


def spin_box(number: int) -> QSpinBox:
    box = QSpinBox()
    box.setMaximum(number)
    box.setValue(number)
    return box


def tab_bar(text: str) -> QTabBar:
    bar = QTabBar()
    bar.setElideMode(Qt.ElideNone)
    bar.setUsesScrollButtons(False)
    bar.addTab(text)
    return bar


def table(rows: list[str], width: int) -> QTableWidget:
    """A column of texts, which Qt elides at the right."""
    made = QTableWidget(len(rows), 1)
    for row, text in enumerate(rows):
        made.setItem(row, 0, QTableWidgetItem(text))
    made.horizontalHeader().hide()
    made.verticalHeader().hide()
    made.setColumnWidth(0, width)
    return made


LONG = "a sentence that needs far more than a hundred pixels"


@pytest.mark.parametrize(
    "make",
    [
        QLabel,
        QPushButton,
        combo,
        tab_bar,
        lambda text: Painted(text, is_limited=True),
        lambda text: Painted(text, is_limited=False),
        lambda text: spin_box(1_234_567_890),
    ],
)
def test_text_that_is_cut_is_found(qtbot, make: Callable[[str], QWidget]) -> None:
    assert "cut" in {fault.kind for fault in faults_of(qtbot, make(LONG), width=60)}
    assert faults_of(qtbot, make(LONG), width=900) == []


def test_text_that_says_by_an_ellipsis_that_it_goes_on_is_not_cut(qtbot) -> None:
    field = QLineEdit()
    field.setPlaceholderText(LONG)
    assert faults_of(qtbot, field) == []


def test_numbers_that_are_elided_are_found(qtbot) -> None:
    def kinds(text: str) -> set[str]:
        made = table([text], 60)
        return {fault.kind for fault in faults_of(qtbot, made, width=300)}

    assert kinds("conv 1×512×38×38") == {"number"}
    assert kinds("of all, 2,359,808 parameters") == {"number"}
    assert kinds("a_folder/of_many/img_0123.png") == set()


def test_rows_that_read_the_same_are_found(qtbot) -> None:
    alike = table(["relu_of_inception_3x3", "relu_of_inception_5x5"], 70)
    other = table(["relu_of_inception_3x3", "conv2_and_something_long"], 70)
    kinds = [[fault.kind for fault in faults_of(qtbot, one, width=300)] for one in (alike, other)]
    assert kinds == [["same"], []]


def test_widgets_in_the_way_of_others_and_out_of_their_place_are_found(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.addWidget(QLabel("one"))
    column.addWidget(QLabel("two"))
    window.show()
    assert find_faults(window, Elisions()) == []
    lies_over, is_out = QPushButton("over", window), QPushButton("out", window)
    lies_over.setGeometry(column.itemAt(0).geometry())
    is_out.setGeometry(window.width() - 20, 0, 60, 9)
    lies_over.show()
    is_out.show()
    kinds = {fault.kind for fault in find_faults(window, Elisions())}
    assert {"overlap", "outside"} <= kinds


def test_words_over_other_words_are_found(qtbot) -> None:
    class Twice(Painted):
        def paintEvent(self, event: QPaintEvent) -> None:
            painter = QPainter(self)
            painter.drawText(0, 20, "one")
            painter.drawText(6, 20, "other")
            painter.end()

    assert [f.kind for f in faults_of(qtbot, Twice("", is_limited=False))] == ["overlap"]


def test_a_label_without_any_room_is_found(qtbot) -> None:
    label = QLabel("there is more than this")
    assert "no room" in {fault.kind for fault in faults_of(qtbot, label, width=2)}
