"""Everything without a mouse: areas, focus that can be seen, names for screen readers, keys."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeySequence
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QShortcut,
    QWidget,
)

from gui.actions import ROWS
from gui.dialogs.help import KeysDialog
from gui.graph.canvas import KEYS
from gui.widgets.keyboard import moved_by_key

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
  inner_product_param { num_output: 5 } }
"""


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path, photos: Path):
    """A window with a net, an image, a gallery and a comparison."""
    for name, text in (("net", NET), ("other", NET.replace("num_output: 5", "num_output: 6"))):
        (tmp_path / f"{name}.prototxt").write_text(text)
    picture = tmp_path / "photo.png"
    Image.new("RGB", (8, 8), (200, 40, 10)).save(picture)
    bench.opening.open_paths([tmp_path / "net.prototxt", picture])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    bench.document.select("relu")
    bench.comparing.compare(tmp_path / "net.prototxt", tmp_path / "other.prototxt")
    qtbot.waitUntil(lambda: bench.comparing.comparison is not None and bench.lanes.is_idle)
    return bench


def controls(window: QWidget) -> list[QWidget]:
    """What takes the keyboard or can be pressed, as far as it shows."""
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
    return [
        w
        for w in window.findChildren(QWidget)
        if w.isVisible()
        and (isinstance(w, kinds) or w.focusPolicy() & Qt.TabFocus)
        and not isinstance(w, QScrollBar)
        and w.focusProxy() is None
        and not w.objectName().startswith("qt_")
        and not isinstance(w.parentWidget(), QComboBox | QAbstractSpinBox | QLineEdit)
    ]


def spoken(widget: QWidget) -> str:
    """What a screen reader calls it, by Qt's rule: its own name, its text, the label beside it."""
    if widget.accessibleName():
        return str(widget.accessibleName())
    if isinstance(widget, QAbstractButton | QLabel):
        return widget.text().strip()
    labels = widget.window().findChildren(QLabel)
    return next((label.text() for label in labels if label.buddy() is widget), "")


def views(bench) -> list[str]:
    return [
        *bench.window.pages,
        *(f"compare {v}" for v in bench.window.compare_page.bar.views.shown),
    ]


def show(bench, qtbot, view: str) -> None:
    page, _, of_comparison = view.partition(" ")
    bench.window.show_page(page)
    if of_comparison:
        bench.window.compare_page.show_view(of_comparison)
    qtbot.waitUntil(lambda: bench.lanes.is_idle)


def test_every_control_of_every_page_has_a_name(opened, qtbot) -> None:
    nameless = {}
    for view in views(opened):
        show(opened, qtbot, view)
        found = controls(opened.window)
        assert len(found) > 15
        nameless |= {
            f"{view}: {type(w).__name__} in {type(w.parentWidget()).__name__}": spoken(w)
            for w in found
            if not spoken(w)
        }
    assert not nameless, "\n".join(nameless)


def test_a_control_without_a_name_would_be_seen(qtbot, opened) -> None:
    button = QAbstractScrollArea(opened.window)
    button.setFocusPolicy(Qt.StrongFocus)
    button.show()
    assert button in controls(opened.window)
    assert not spoken(button)


def test_every_action_says_what_it_does_and_no_two_share_a_key(bench) -> None:
    actions = bench.window.actions_
    for row in ROWS:
        assert row.text
        assert actions[row.id].toolTip()
        assert bench.window.menus[row.menu].actions().count(actions[row.id]) == 1
        for key in row.shortcuts:
            sequence = QKeySequence(key)
            assert not sequence.isEmpty()
    keys = Counter(QKeySequence(key).toString() for row in ROWS for key in row.shortcuts)
    assert [key for key, count in keys.items() if count > 1] == []
    letters = Counter(menu.title().partition("&")[2][:1] for menu in bench.window.menus.values())
    assert max(letters.values()) == 1


def test_no_part_of_the_window_takes_a_key_that_is_not_in_the_list(opened) -> None:
    """A shortcut of a part would stand against an action of the same key, and be listed nowhere."""
    listed = {QKeySequence(key).toString() for row in ROWS for key in row.shortcuts}
    own = {shortcut.key().toString() for shortcut in opened.window.findChildren(QShortcut)}
    assert own <= listed


def test_the_list_of_keys_is_that_of_the_actions(bench) -> None:
    bench.window.actions_["keys"].trigger()
    dialog = bench.dialogs.dialog
    assert isinstance(dialog, KeysDialog)
    listed = {text: keys for keys, text in dialog.texts}
    for row in ROWS:
        if row.shortcuts:
            native = QKeySequence(row.shortcuts[0]).toString(QKeySequence.NativeText)
            assert listed[row.text.rstrip("…")].startswith(native)
    assert set(KEYS) <= set(dialog.texts)
    dialog.close()


@pytest.mark.parametrize(
    ("key", "modifier", "way"),
    [
        (Qt.Key_Up, Qt.NoModifier, "up"), (Qt.Key_Down, Qt.NoModifier, "down"),
        (Qt.Key_Left, Qt.NoModifier, "left"), (Qt.Key_Right, Qt.NoModifier, "right"),
        (Qt.Key_Return, Qt.NoModifier, "open"), (Qt.Key_Backspace, Qt.NoModifier, "fold"),
        (Qt.Key_C, Qt.ControlModifier, "copy"),
    ],
)  # fmt: skip
def test_the_keys_listed_for_the_graph_do_what_is_said(opened, qtbot, key, modifier, way) -> None:
    opened.window.show_page("net")
    canvas = opened.window.panels.graph.canvas
    canvas.setFocus()
    with qtbot.waitSignal(canvas.walked) as walked:
        QTest.keyClick(canvas, key, modifier)
    assert walked.args == [way]


def walk(bench, by: str) -> QWidget:
    bench.window.actions_[by].trigger()
    now = QApplication.focusWidget()
    assert now is not None
    return now


def area_of(bench, widget: QWidget) -> str:
    window, net = bench.window, bench.window.net_page
    areas = {"subjects": window.subjects, "notice": window.notice_bar, "layers": net.left,
             "graph": window.panels.graph, "inspector": net.right, "changes": net.changes_bar,
             "status": window.status_line, "rail": window.rail}  # fmt: skip
    return next(n for n, a in areas.items() if a is widget or a.isAncestorOf(widget))


def test_f6_walks_the_areas_of_the_net_page_there_and_back(opened, qtbot) -> None:
    opened.window.show_page("net")
    opened.window.net_page.left.set_folded(False)
    opened.window.subjects.net.setFocus()
    there = [area_of(opened, walk(opened, "next_area")) for _ in range(6)]
    known = ["layers", "graph", "inspector", "changes", "status", "rail"]
    assert [a for a in there if a != "notice"][:5] == known[:5]
    opened.window.subjects.net.setFocus()
    assert area_of(opened, walk(opened, "area_before")) == "rail"
    assert area_of(opened, walk(opened, "area_before")) == "status"


def test_an_area_gives_the_keyboard_back_to_where_it_was(opened) -> None:
    opened.window.show_page("net")
    fields = opened.window.subjects
    fields.image.setFocus()
    walk(opened, "next_area")
    assert area_of(opened, QApplication.focusWidget()) != "subjects"
    assert walk(opened, "area_before") is fields.image


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_has_the_keyboard_can_be_seen(opened, qtbot, theme: str) -> None:
    """Each stop of Tab on a page looks otherwise than without the keyboard."""
    opened.keeper.choose(theme)
    window = opened.window
    unseen = []
    for view in ("net", "layer", "compare layers"):
        show(opened, qtbot, view)
        for widget in controls(window):
            if not (widget.focusPolicy() & Qt.TabFocus and widget.isEnabled()):
                continue
            window.setFocus()
            before = picture(window, widget)
            with moved_by_key():
                widget.setFocus(Qt.TabFocusReason)
            if QApplication.focusWidget() is widget and picture(window, widget) == before:
                unseen.append(f"{view}: {type(widget).__name__} {spoken(widget)}")
    assert not unseen


def test_the_ring_stands_only_where_a_key_has_led(opened, qtbot) -> None:
    """Opening a net, a page of its own accord and a click bring none; Tab and F6 do."""
    window, ring = opened.window, opened.window.focus_ring
    canvas = window.panels.graph.canvas
    for view in views(opened):
        show(opened, qtbot, view)
        assert not ring.isVisible(), view
    window.show_page("net")
    canvas.setFocus(Qt.OtherFocusReason)
    assert not ring.isVisible()
    window.subjects.net.setFocus()
    while not ring.isVisible():  # buttons and fields say it themselves
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Tab)
    assert ring.around is QApplication.focusWidget()
    around = ring.around
    QTest.mouseClick(canvas.viewport(), Qt.LeftButton)
    assert around is canvas or not ring.isVisible()
    canvas.setFocus(Qt.OtherFocusReason)
    walk(opened, "next_area")
    assert walk(opened, "area_before") is canvas
    assert ring.isVisible()
    assert ring.around is canvas


def test_a_clicked_button_looks_as_before_and_one_that_tab_met_does_not(opened, qtbot) -> None:
    show(opened, qtbot, "net")
    window, button = opened.window, opened.window.panels.graph.bar.fold
    window.setFocus()
    before = picture(window, button)
    for _ in range(2):
        QTest.mouseClick(button, Qt.LeftButton)
        qtbot.waitUntil(lambda: opened.lanes.is_idle)
    button.setFocus(Qt.OtherFocusReason)
    assert QApplication.focusWidget() is button
    assert picture(window, button) == before
    QTest.keyClick(button, Qt.Key_Tab)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key_Backtab)
    assert QApplication.focusWidget() is button
    assert picture(window, button) != before


def test_nothing_is_framed_that_no_key_led_to(opened, qtbot) -> None:
    """The strip of layers was framed whenever its page came into view."""
    show(opened, qtbot, "layer")
    window, framed = opened.window, []
    strip = window.layer_page.strip
    found = [w for w in controls(window) if isinstance(w, QAbstractButton) or strip.isAncestorOf(w)]
    assert not all(isinstance(w, QAbstractButton) for w in found)
    assert len(found) > 10
    for widget in found:
        window.setFocus()
        before = picture(window, widget)
        widget.setFocus(Qt.OtherFocusReason)
        if picture(window, widget) != before:
            framed.append(spoken(widget))
    assert not framed


def picture(window: QWidget, widget: QWidget) -> bytes:
    place = widget.rect().translated(widget.mapTo(window, widget.rect().topLeft()))
    image = window.grab(place.adjusted(-3, -3, 3, 3)).toImage()
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return bytes(bits)
