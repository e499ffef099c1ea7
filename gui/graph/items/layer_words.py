"""The words of a layer's box, laid out in screen pixels for one zoom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PyQt5.QtCore import QPointF, Qt
from PyQt5.QtGui import QFont, QFontMetricsF, QPainter, QPen, QStaticText

from core.net.elision import Measure, elide_name
from core.words import plural
from gui.graph import metrics as m
from gui.graph.overlay import OverlayMark
from gui.graph.picture import BoxPicture
from gui.graph.style import GraphStyle, static_text


@dataclass(frozen=True)
class Word:
    """Text with its font, pen and place in the box's own screen pixels."""

    text: QStaticText
    font: QFont
    pen: QPen
    place: QPointF


Words = tuple[Word, ...]


def lay_out_full(
    box: BoxPicture,
    near: Sequence[str],
    style: GraphStyle,
    scale: float,
    band: float,
    mark: OverlayMark | None = None,
) -> Words:
    """Name and type in the first row, the shape below; a type that won't fit goes below, too.

    Of a layer that can't run the second row says why, in place of a shape that nobody knows.

    scale: below 1.0 the words keep their size and the rows move together. mark: a number that
    stands in place of the type, its note below it.
    """
    width = m.BOX_WIDTH * scale
    font, metrics = style.text_font, style.text_metrics
    padding = m.TEXT_PADDING
    if scale < 0.9:
        font, metrics, padding = style.small_font, style.small_metrics, 5.0
    left = band * scale + padding
    room = width - padding - left
    if mark is not None:
        return _lay_out_value(box, near, style, (scale, width, left, padding), mark)
    narrow = metrics.horizontalAdvance
    note_width = narrow(box.note)
    fits = style.name_metrics.horizontalAdvance(box.name) + 8 + note_width <= room
    shape = metrics.elidedText(box.failure or box.shape, Qt.ElideRight, room)
    shape_pen = style.failure if box.failure else style.secondary
    note = box.note
    if not fits:
        spare = room - narrow(shape) - 8
        note = _shorter_note(box.note, (box.name, *near), metrics, max(0.0, spare))
        note_width = narrow(note)
    name = shortened(box.name, near, style.name_metrics, room)
    first, second = 17.1 - 19.3 * (1 - scale), 32.4 - 29.7 * (1 - scale)
    name_y = first - style.name_metrics.ascent()
    shape_y = second - metrics.ascent()
    note_y = first - metrics.ascent() if fits else shape_y
    return (
        _word(name, style.name_font, style.text, left, name_y),
        _word(note, font, style.secondary, width - padding - note_width, note_y),
        _word(shape, font, shape_pen, left, shape_y),
    )


def _lay_out_value(
    box: BoxPicture,
    near: Sequence[str],
    style: GraphStyle,
    place: tuple[float, float, float, float],
    mark: OverlayMark,
) -> Words:
    """The name gives way to the number; place: scale, width, left and padding."""
    scale, width, left, padding = place
    font, metrics = style.small_font, style.small_metrics
    value_width = style.value_metrics.horizontalAdvance(mark.words)
    note_width = metrics.horizontalAdvance(mark.note)
    name_room = width - padding - left - value_width - 6
    shape_room = width - padding - left - note_width - 6
    first, second = 17.1 - 19.3 * (1 - scale), 32.4 - 29.7 * (1 - scale)
    below = second - metrics.ascent()
    right = width - padding
    name = shortened(box.name, near, style.name_metrics, name_room)
    shape = box.shape if metrics.horizontalAdvance(box.shape) <= shape_room else ""
    above = first - style.value_metrics.ascent()
    return (
        _word(name, style.name_font, style.text, left, first - style.name_metrics.ascent()),
        _word(mark.words, style.value_font, style.text, right - value_width, above),
        _word(shape, font, style.text, left, below),
        _word(mark.note, font, style.text, right - note_width, below),
    )


def lay_out_named(
    box: BoxPicture,
    near: Sequence[str],
    style: GraphStyle,
    size: tuple[float, float],
    band: float,
    note: str,
    *,
    is_value: bool = False,
) -> Words:
    """One row: the name and, at the right, `note`: how many layers a fold holds.

    is_value: the note is a number of an overlay, which goes where it would cut the name.
    """
    width, height = size
    if is_value:
        whole = style.named_metrics.horizontalAdvance(box.name)
        note_room = width - band - 17 - style.text_metrics.horizontalAdvance(note)
        note = note if whole <= note_room else ""
    note_width = style.text_metrics.horizontalAdvance(note) + 6 if note else 0.0
    room = width - band - 6 - 5 - note_width
    name = shortened(box.name, near, style.named_metrics, room)
    top = (height - style.named_metrics.height()) / 2
    words = [_word(name, style.named_font, style.text, band + 6, top)]
    if note:
        top = (height - style.text_metrics.height()) / 2
        pen = style.text if is_value else style.secondary
        words.append(_word(note, style.text_font, pen, width - note_width, top))
    return tuple(words)


def draw_words(painter: QPainter, words: Words, style: GraphStyle) -> None:
    """Draw them with the painter's origin at the box's top left corner."""
    for word in words:
        painter.setFont(word.font)
        painter.setPen(word.pen)
        style.draw_text(painter, word.place, word.text)


def shortened(name: str, near: Sequence[str], metrics: QFontMetricsF, room: float) -> str:
    """A name that fits; a range drops what both ends share, then what leads to their last parts."""
    measure = metrics.horizontalAdvance
    name = fitting_range(name, room, measure)
    if measure(name) <= room:
        return name
    others = sorted((n for n in near if n != name), key=lambda other: _n_shared(name, other))
    shown = elide_name(name, room, measure, others)  # what is most alike stands last, beside it
    return metrics.elidedText(shown, Qt.ElideMiddle, room)


def _shorter_note(note: str, near: Sequence[str], metrics: QFontMetricsF, room: float) -> str:
    """What a chain holds besides its first layer: one name, or how many layers."""
    plus, _, names = note.partition("+ ")
    if plus or not names or metrics.horizontalAdvance(note) <= room:
        return metrics.elidedText(note, Qt.ElideRight, room)
    n_layers = names.count(", ") + 1
    if n_layers > 1:
        words = f"+ {plural(n_layers, 'layer')}"
        return words if metrics.horizontalAdvance(words) <= room else f"+ {n_layers}"
    return "+ " + shortened(names, near, metrics, room - metrics.horizontalAdvance("+ "))


def fitting_range(name: str, room: float, measure: Measure) -> str:
    """A name, or of a range that does not fit the longest way to say it that does."""
    first, dots, last = name.partition(" ... ")
    if not dots or measure(name) <= room:
        return name
    return next((text for text in _shorter_ranges(first, last) if measure(text) <= room), name)


def near_names(names: Sequence[str]) -> list[tuple[str, ...]]:
    """For each name those it is read beside: the ones before and after it, here and by letter."""
    by_letter = sorted(range(len(names)), key=names.__getitem__)
    near: list[list[str]] = [[*names[max(0, i - 1) : i], *names[i + 1 : i + 2]]
                             for i in range(len(names))]  # fmt: skip
    for before, after in pairwise(by_letter):
        near[before].append(names[after])
        near[after].append(names[before])
    return [tuple(dict.fromkeys(those)) for those in near]


def _n_shared(name: str, other: str) -> int:
    pairs = enumerate(zip(name, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(name), len(other)))


def _shorter_ranges(first: str, last: str) -> Iterator[str]:
    """ "inception_4b ... 4d", "conv1/7x7_s2 ... norm1", "conv1 ... norm1"."""
    shared = _n_shared(first, last)
    cut = max(last.rfind("_", 0, shared), last.rfind("/", 0, shared)) + 1
    end = last[cut:].removesuffix("/*")
    yield f"{first} ... {end}"
    tail = end.rpartition("/")[2]
    yield f"{first} ... {tail}"
    yield f"{first.partition('/')[0]} ... {tail}"


def _word(words: str, font: QFont, pen: QPen, x: float, y: float) -> Word:
    return Word(static_text(words, font), font, pen, QPointF(x, y))
