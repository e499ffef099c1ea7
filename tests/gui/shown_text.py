"""Every text that a window shows and that Qt might take for more than text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from PyQt5.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QGraphicsTextItem,
    QGraphicsView,
    QHeaderView,
    QLabel,
    QMenuBar,
    QWidget,
)

OURS = re.compile(r'</?b>|<br>|</?p(?: style="white-space: pre")?>')
"""The tags that we write ourselves."""
_ROLES = (Qt.ToolTipRole, Qt.WhatsThisRole)


def all_widgets() -> list[QWidget]:
    """Those of every window that is open."""
    windows = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    return [widget for window in windows for widget in (window, *window.findChildren(QWidget))]


def tooltips(widgets: Iterable[QWidget]) -> Iterator[str]:
    """Of widgets, menu entries, cells, headings and what is drawn."""
    for widget in widgets:
        yield from (widget.toolTip(), widget.whatsThis())
        yield from (action.toolTip() for action in widget.actions())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _tips_of(widget.model())
        if isinstance(widget, QHeaderView) and widget.model() is not None:
            model, way = widget.model(), widget.orientation()
            cells = range(min(widget.count(), 200))
            yield from (str(model.headerData(i, way, Qt.ToolTipRole) or "") for i in cells)
        if isinstance(widget, QGraphicsView) and widget.scene() is not None:
            yield from (item.toolTip() for item in widget.scene().items())


def _tips_of(model: QAbstractItemModel) -> Iterator[str]:
    for row in range(model.rowCount(QModelIndex())):
        is_list = isinstance(model, QAbstractListModel)
        for column in range(1 if is_list else model.columnCount(QModelIndex())):
            index = model.index(row, column)
            yield from (str(index.data(role) or "") for role in _ROLES)


def laid_out(widgets: Iterable[QWidget]) -> list[str]:
    """Texts that Qt lays out as HTML with tags in them that are not ours."""
    widgets = list(widgets)
    found = [tip for tip in tooltips(widgets) if Qt.mightBeRichText(tip)]
    for widget in widgets:
        if isinstance(widget, QLabel):
            is_html = widget.textFormat() == Qt.RichText or (
                widget.textFormat() == Qt.AutoText and Qt.mightBeRichText(widget.text())
            )
            found += [widget.text()] * is_html
    return [text for text in found if "<" in OURS.sub("", text)]


def drawn_texts(widgets: Iterable[QWidget]) -> list[str]:
    """What the text items of plots and graphs show, as it is read."""
    scenes = [w.scene() for w in widgets if isinstance(w, QGraphicsView) and w.scene() is not None]
    items = [item for scene in scenes for item in scene.items()]
    return [item.toPlainText() for item in items if isinstance(item, QGraphicsTextItem)]


def marked(widgets: Iterable[QWidget]) -> list[str]:
    """Captions in which Qt underlines a letter, and titles with a place for a mark of edits.

    The menus of the menu bar alone have such letters.
    """
    widgets = list(widgets)
    bars = [w for w in widgets if isinstance(w, QMenuBar)]
    ours = {action.text() for bar in bars for action in bar.actions()}
    captions = [w.text() for w in widgets if isinstance(w, QAbstractButton)]
    captions += [action.text() for w in widgets for action in w.actions()]
    titles = [w.windowTitle() for w in widgets if w.isWindow()]
    return [text for text in captions if "&" in text.replace("&&", "") and text not in ours] + [
        title for title in titles if "[*]" in title.replace("[*][*]", "")
    ]
