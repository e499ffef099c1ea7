"""An icon stands for one thing."""

from __future__ import annotations

from itertools import combinations

from PyQt5.QtGui import QColor

from gui.icons import icon_names, pixmap
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
