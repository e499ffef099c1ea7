"""An icon stands for one thing."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from PyQt5.QtCore import QSize
from PyQt5.QtGui import QColor, QIcon, QImage
from PyQt5.QtWidgets import QMenu, QWidget

from gui.icons import icon_names, pixmap
from gui.theme import Theme, ThemeKeeper
from gui.widgets.buttons import Button, IconButton

MEANINGS = {
    "before-after": ("Before and after",),
    "copy": ("Copy",),
    "direction": ("Draw from",),
    "more": ("Phase",),
    "paste": ("Paste",),
    "pin": ("Pin", "Unpin"),
    "sliders": ("What the net sees",),
}
"""How the words of everything with the icon begin."""


def words_by_icon(bench) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in bench.window.actions_.rows.values():
        if row.icon is not None:
            found.setdefault(row.icon, set()).add(row.text)
    for kind in (IconButton, Button):
        for button in bench.window.findChildren(kind):
            if button._icon_name is not None:
                words = button.accessibleName() or button.text()
                found.setdefault(button._icon_name, set()).add(words)
    return found


def test_an_icon_means_one_thing_everywhere(bench) -> None:
    """WINDOW_FAULTS 30: sliders were columns, preprocessing, graph options and a range."""
    found = words_by_icon(bench)
    for name, beginnings in MEANINGS.items():
        assert found[name], name
        assert all(words.startswith(beginnings) for words in found[name]), (name, found[name])


def test_no_two_icons_look_the_same(qapp) -> None:
    names = [name for name in icon_names() if not name.startswith("glyph-")]
    drawn = {name: pixmap(name, QColor("black"), 32).toImage() for name in names}
    for first, second in combinations(drawn, 2):
        assert drawn[first] != drawn[second], (first, second)


def runs_of_ink(widget: QWidget) -> list[tuple[int, int]]:
    """First and last column of each dark piece; gaps of three columns do not part it."""
    image = widget.grab().toImage().convertToFormat(QImage.Format_Grayscale8)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    grey = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    runs: list[tuple[int, int]] = []
    for at in np.flatnonzero((grey[:, : image.width()] < 140).any(axis=0)).tolist():
        if runs and at - runs[-1][1] <= 3:
            runs[-1] = runs[-1][0], at
        else:
            runs.append((at, at))
    return runs


@pytest.mark.parametrize("kind", [Button, IconButton])
def test_an_icon_keeps_off_the_words_beside_it(kind: type, qtbot) -> None:
    keeper = ThemeKeeper("light")
    button = (
        Button(keeper, "HH", "chip") if kind is Button else IconButton(keeper, "chip", text="HH")
    )
    qtbot.addWidget(button)
    button.setStyleSheet("border: none; background: white;")
    button.resize(button.sizeHint())
    sign, words = runs_of_ink(button)[:2]
    assert words[0] - sign[1] >= 7


def test_the_icon_of_a_button_that_lost_its_words_stands_in_the_middle(qtbot) -> None:
    button = Button(ThemeKeeper("light"), "HH", "chip")
    qtbot.addWidget(button)
    button.setText("")
    button.setStyleSheet("border: none; background: white;")
    button.resize(60, 24)
    first, last = runs_of_ink(button)[0][0], runs_of_ink(button)[-1][1]
    assert abs(first - (59 - last)) <= 1


def test_the_icon_of_a_filled_button_is_seen_while_it_can_not_act(qtbot) -> None:
    """White on white: Sweep, while a sweep ran."""
    keeper = ThemeKeeper("light")
    button = Button(keeper, "", "bars", is_primary=True)
    qtbot.addWidget(button)
    drawn = button.icon().pixmap(QSize(14, 14), QIcon.Disabled).toImage()
    seen = [drawn.pixelColor(x, y) for x in range(14) for y in range(14)]
    assert max(colour.alpha() * (255 - colour.lightness()) for colour in seen) > 80 * 150


def _widest_gap(button) -> int:
    """The most columns without ink between its first and its last, in pixels."""
    picture = button.grab().toImage()
    middle = range(8, picture.height() - 8)
    ground = picture.pixelColor(6, 8)
    inked = [
        x
        for x in range(6, picture.width() - 6)
        if any(picture.pixelColor(x, y) != ground for y in middle)
    ]
    return max(after - before for before, after in pairwise(inked))


def test_an_icon_keeps_off_its_words_in_the_bar_as_in_any_button(make_bench, qtbot) -> None:
    """The icon of Forward stood 5 pixels from its word, in other buttons 9."""
    bench = make_bench()
    forward = bench.window.subjects.tools[-1]
    button = Button(bench.keeper, "Forward", "play")
    qtbot.addWidget(button)
    button.setEnabled(forward.isEnabled())
    assert _widest_gap(forward) == _widest_gap(button) >= 8


def test_a_button_that_opens_a_menu_has_an_arrow_where_it_has_no_icon(keeper, qapp, qtbot) -> None:
    Theme.light().apply(qapp)
    widths = {}
    for icon_name in (None, "save"):
        for has_menu in (False, True):
            button = Button(keeper, "Choose", icon_name)
            qtbot.addWidget(button)
            if has_menu:
                button.setMenu(QMenu(button))
            widths[icon_name, has_menu] = button.sizeHint().width()
    assert widths["save", True] == widths["save", False]
    assert widths[None, True] >= widths[None, False] + 12
