"""Text as Qt shows it: as it is written, whatever it holds, but for markup of ours."""

from __future__ import annotations

from html import escape

from PyQt5.QtGui import QTextDocumentFragment
from PyQt5.QtWidgets import QAction, QMenu


class Rich(str):
    """HTML that we wrote, the only text that is laid out as such; `rich` makes it."""

    __slots__ = ()


def rich(template: str, *texts: str) -> Rich:
    """Markup of ours with texts of anybody in its places {}; a Rich one stays what it is."""
    return Rich(template.format(*map(_escaped, texts)))


def _escaped(text: str) -> str:
    return text if isinstance(text, Rich) else escape(text, quote=False)


def plain_tip(text: str) -> str:
    """A tooltip that shows `text` as it is.

    Qt guesses: a text that looks like HTML is laid out, and a file that an <img> in it names is
    read. Only such a text is escaped, since Qt shows any other as it is.
    """
    if "<" not in text and "&" not in text:
        return text
    return f'<p style="white-space: pre">{escape(text)}</p>'


def plain_caption(text: str) -> str:
    """The text of a button or a menu entry: Qt takes & there for the mark of a shortcut, and what
    follows a tab for a shortcut's name."""
    return text.replace("&", "&&").replace("\t", " ")


def add_plain(menu: QMenu, text: str, tip: str = "") -> QAction:
    """A menu entry that shows `text` as it is; tip: "" for the text, which Qt takes by itself."""
    action = menu.addAction(plain_caption(text))
    action.setToolTip(plain_tip(tip or text))
    return action


def plain_title(text: str) -> str:
    """The title of a window, in which Qt takes [*] for the place of a mark of edits."""
    return text.replace("[*]", "[*][*]")


def plain_words(text: str) -> str:
    """A text in one line, without the markup of a Rich one."""
    shown = QTextDocumentFragment.fromHtml(text).toPlainText() if isinstance(text, Rich) else text
    return " ".join(shown.split())
