"""A window full of names that look like HTML shows every one as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PyQt5.QtWidgets import QAbstractItemView, QGraphicsView, QLabel, QWidget

from gui.dialogs.questions import Questioner
from gui.widgets.labels import RichLabel
from gui.widgets.plain_text import plain_caption, plain_tip

HEAD = "<h1>big<br>1 & &amp; x"
NAMES = (HEAD, "<img src=secret.png>", "a &lt;b> c", "<b>bold<!--")
_OURS = re.compile(r'</?b>|<br>|</?p(?: style="white-space: pre")?>')

NET = """layer {{ name: "data" type: "Input" top: "data"
  input_param {{ shape {{ dim: 1 dim: 3 dim: 8 dim: 8 }} }} }}
layer {{ name: "{0}" type: "Convolution" bottom: "data" top: "{0}"
  convolution_param {{ num_output: 4 kernel_size: 3 }} }}
layer {{ name: "{1}" type: "ReLU" bottom: "{0}" top: "{0}" }}
layer {{ name: "{2}" type: "InnerProduct" bottom: "{0}" top: "{2}"
  inner_product_param {{ num_output: 3 }} }}
layer {{ name: "{3}" type: "InnerProduct" bottom: "nobody's <h1>" top: "{3}"
  inner_product_param {{ num_output: 3 }} }}
""".format(*NAMES)


@pytest.fixture
def full_window(bench, qtbot, tmp_path: Path):
    """A net, a folder and an image, each with such a name, and what the window says of them."""
    folder = tmp_path / "<i>photos & more"
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (12, 9), (40, 90, len(name))).save(folder / name / f"{HEAD}.png")
    net = tmp_path / f"{HEAD}.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net, folder / HEAD / f"{HEAD}.png"])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    bench.document.select(NAMES[0])
    bench.opening.open_paths([folder])
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)
    assert bench.searching.gallery is not None
    assert len(bench.searching.gallery) == len(NAMES)
    bench.window.menus["File"].aboutToShow.emit()
    return bench


def indexes(model: QAbstractItemModel) -> Iterator[QModelIndex]:
    for row in range(model.rowCount()):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
            yield model.index(row, column)


def tooltips(window: QWidget) -> Iterator[str]:
    """Of widgets, menu entries, cells and what is drawn."""
    for widget in (window, *window.findChildren(QWidget)):
        yield widget.toolTip()
        yield from (action.toolTip() for action in widget.actions())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from (str(i.data(Qt.ToolTipRole) or "") for i in indexes(widget.model()))
        if isinstance(widget, QGraphicsView) and widget.scene() is not None:
            yield from (item.toolTip() for item in widget.scene().items())


def test_labels_show_names_as_they_are(full_window) -> None:
    """reports/html_file_name, for every label that the window has."""
    labels = full_window.window.findChildren(QLabel)
    assert any(HEAD in label.text() for label in labels)
    for label in labels:
        if isinstance(label, RichLabel):
            assert "<" not in _OURS.sub("", label.text())
        else:
            is_plain = label.textFormat() == Qt.PlainText
            assert is_plain or not Qt.mightBeRichText(label.text()), label.text()


def test_tooltips_show_names_as_they_are(full_window) -> None:
    """reports/html_file_name, for every tooltip; an <img> in one would be read from the disk."""
    said = [tip for tip in tooltips(full_window.window) if tip]
    told = [unescape(_OURS.sub("", tip)) for tip in said if Qt.mightBeRichText(tip)]
    assert any(HEAD in text for text in told)
    assert any(NAMES[1] in text for text in told)
    for tip in said:
        if Qt.mightBeRichText(tip):
            assert "<" not in _OURS.sub("", tip), tip


def test_the_title_and_the_notices_show_names_as_they_are(full_window) -> None:
    window = full_window.window
    assert "&lt;h1&gt;big" in window.document_title.text()
    assert window.windowTitle().startswith(HEAD)
    assert window.notice_bar.cards
    for notice in full_window.notices.current:
        assert "<" not in _OURS.sub("", notice.body), notice.body


def test_menus_show_an_ampersand(full_window) -> None:
    (entry,) = full_window.window.recent_menu.actions()
    assert entry.text() == plain_caption(f"{HEAD}.prototxt")
    assert entry.text().count("&&") == 2


def test_a_question_shows_the_name_that_it_is_about(keeper, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    answers: list[str] = []
    Questioner(keeper, window).ask(HEAD, NAMES[1], (("yes", "Yes"), ("no", "No")), answers.append)
    box = window.findChild(QWidget, "qt_msgbox_label").parent()
    for name, text in (("qt_msgbox_label", HEAD), ("qt_msgbox_informativelabel", NAMES[1])):
        label = box.findChild(QLabel, name)
        assert label.text() == text or text in unescape(_OURS.sub("", label.text()))
        assert label.textFormat() == Qt.PlainText or "<" not in _OURS.sub("", label.text())
    box.done(0)
    assert answers == ["no"]


@pytest.mark.parametrize("text", [*NAMES, "a\nb <c>"])
def test_a_tip_says_the_text_itself(text: str) -> None:
    assert unescape(_OURS.sub("", plain_tip(text))) == text


def test_an_ordinary_tip_stays_what_it_is() -> None:
    assert plain_tip("conv1/relu: 3 x 4") == "conv1/relu: 3 x 4"
    assert plain_tip("") == ""
