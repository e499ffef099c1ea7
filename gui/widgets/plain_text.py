"""Names of files and layers as Qt shows them: as they are written, whatever they hold."""

from __future__ import annotations

from html import escape


def plain_tip(text: str) -> str:
    """A tooltip that shows `text` as it is.

    Qt guesses: a text that looks like HTML is laid out, and a file that an <img> in it names is
    read. Only such a text is escaped, since Qt shows any other as it is.
    """
    if "<" not in text and "&" not in text:
        return text
    return f'<p style="white-space: pre">{escape(text)}</p>'


def plain_caption(text: str) -> str:
    """The text of a button or a menu entry, in which Qt takes & for the mark of a shortcut."""
    return text.replace("&", "&&")
