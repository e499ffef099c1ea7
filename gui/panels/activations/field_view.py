"""The receptive field of the value that is looked at: its numbers, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRectF, pyqtSignal
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from core.errors import NetError
from core.jobs.receptive_field import FieldGradients, LayerField
from core.layers.receptive_field import AxisReach, FieldBox, FieldNumbers
from core.words import plural, with_minus
from gui.panels.activations.enlarged import FieldMarks, Place
from gui.panels.activations.shown import ShownCard
from gui.theme import ThemeKeeper
from gui.widgets.fact_list import Fact, FactList
from gui.widgets.labels import LinkLabel, SectionHeader, ThemedLabel

NO_PIXEL = "It reads padding alone: no pixel moves it."
Key = tuple[str, str]


@dataclass(frozen=True)
class FieldPlace:
    """A value in words of its blob: its channel, and its place along the other axes."""

    channel: int
    place: tuple[int, ...]


def place_in_blob(card: ShownCard, channel: int | None, cell: Place | None) -> FieldPlace | None:
    """Where a cell of a channel's map stands in the blob; None for none, and in one of one axis."""
    shape = card.array.shape
    if len(shape) < 2 or channel is None or cell is None:
        return None
    y, x = cell
    if card.value_at(channel, y, x) is None:
        return None
    if len(shape) == 2:
        return FieldPlace(channel, ())
    if len(shape) == 3:  # channels and steps are the two sides of one map
        if not card.stack.is_vector:
            return FieldPlace(y, (x,))
        return FieldPlace(channel, (0,)) if shape[2] == 1 else FieldPlace(0, (channel,))
    at = {one.axis: one.index for one in card.stack.axes}
    between = (at.get(axis, 0) for axis in range(2, len(shape) - 2))
    return FieldPlace(channel, (*between, y, x))


class FieldView(QWidget):
    """Size, stride and reach; `check_requested` asks for gradients that bear it out."""

    check_requested = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[Key, LayerField] = {}
        self._checks: dict[Key, FieldGradients] = {}
        self._key: Key | None = None
        self.marks: FieldMarks | None = None
        self.heading = SectionHeader("Field")
        self.facts = FactList(keeper, name_width=44)
        self.note = ThemedLabel("", "secondary", pixels=11)
        self.note.setWordWrap(True)
        self.check_link = LinkLabel("Effective field")
        self.check_link.setToolTip(
            "Takes gradients at 12 random places: none may lie outside the field, and most of "
            "them lie in a smaller one, the effective field"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self.heading, self.facts, self.note, self.check_link):
            column.addWidget(widget)
        column.addStretch(1)
        self.check_link.clicked.connect(lambda: self.check_requested.emit(self._key))
        self.show_value(None)

    def show_fields(self, fields: Mapping[Key, LayerField]) -> None:
        """Take the fields of the values that are shown, by (layer, top)."""
        kept = {k: v for k, v in self._checks.items() if self._is_same_size(k, fields)}
        self._fields, self._checks = dict(fields), kept

    def _is_same_size(self, key: Key, fields: Mapping[Key, LayerField]) -> bool:
        before, after = self._fields.get(key), fields.get(key)
        return before is not None and after is not None and before.numbers == after.numbers

    def show_check(self, check: FieldGradients) -> None:
        """Take what gradients say; it shows with the value they are of."""
        self._checks[check.value.layer, check.value.top] = check

    def show_value(
        self, card: ShownCard | None, channel: int | None = None, cell: Place | None = None
    ) -> None:
        """Show the field of a value's layer, and of one cell of a channel."""
        key = None if card is None else (card.value.layer, card.value.top)
        self._key = key
        known = None if key is None else self._fields.get(key)
        self.setVisible(known is not None)
        self.marks = None
        if card is None or known is None or key is None:
            return
        if known.field is None or not known.numbers:
            self._show((), known.reason or "It reads no picture.")
            return
        check = self._checks.get(key)
        numbers = known.numbers[0]
        box, why = _box_of(known, place_in_blob(card, channel, cell))
        facts = [*_layer_facts(numbers, box), *_effective(check)]
        if box is not None:
            facts += _reach_facts(box)
            self.marks = _marks(box, check)
        notes = [
            why,
            _padding(box),
            _others(numbers, box),
            _bound(box.bounds if box else numbers.bounds),
            _told(check),
        ]
        self._show(facts, " ".join(note for note in notes if note))
        self.check_link.setVisible(check is None)

    def _show(self, facts: Sequence[Fact], note: str) -> None:
        self.facts.show_facts(facts)
        self.facts.setVisible(bool(facts))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.check_link.setVisible(False)


def field_words(numbers: FieldNumbers) -> str:
    """ "196×196, stride 16", with "at most" before a bound."""
    size = "" if numbers.is_exact else "at most "
    stride = _stride(numbers)
    return f"{size}{_size(numbers)}" + (f", stride {stride}" if stride else "")


def _box_of(known: LayerField, at: FieldPlace | None) -> tuple[FieldBox | None, str]:
    """The box of a place in the input that the numbers are of, or why there is none."""
    if at is None or known.field is None:
        return None, ""
    try:
        boxes = known.field.at(at.place, at.channel)
    except NetError:  # of another size, while the pass of this one still runs
        return None, ""
    blob = known.numbers[0].blob
    box = next((one for one in boxes if one.blob == blob), None)
    return box, "" if box is not None else NO_PIXEL


def _layer_facts(numbers: FieldNumbers, box: FieldBox | None) -> list[Fact]:
    stride = _stride(numbers)
    size = _size(numbers) if box is None else "×".join(map(str, _lengths(box)))
    return [Fact("size", size), *([Fact("stride", stride)] if stride else [])]


def _lengths(box: FieldBox) -> list[int]:
    return [axis.high - axis.low + 1 for axis in box.axes]


def _others(numbers: FieldNumbers, box: FieldBox | None) -> str:
    """Where the paths to the channels of a Concat differ, how large the largest field is."""
    if box is None or tuple(_lengths(box)) >= numbers.least_size:
        return ""
    return f"Other channels read {_size(numbers)}."


def _size(numbers: FieldNumbers) -> str:
    pairs = zip(numbers.least_size, numbers.size, strict=True)
    return "×".join(str(most) if least == most else f"{least}–{most}" for least, most in pairs)


def _stride(numbers: FieldNumbers) -> str:
    """ "16", or for unlike axes "16×8"; "" where all values read the same."""
    steps = [step for step in numbers.stride if step is not None]
    if not steps:
        return ""
    return (
        str(steps[0])
        if len(set(numbers.stride)) == 1
        else "×".join("–" if step is None else str(step) for step in numbers.stride)
    )


def _effective(check: FieldGradients | None) -> list[Fact]:
    if check is None or check.effective is None:
        return []
    height, width = check.effective
    return [Fact("95 %", f"{height:.0f}×{width:.0f}")]


def _reach_facts(box: FieldBox) -> list[Fact]:
    if box.is_flat:
        rows, columns = box.axes
        return [Fact("x", _from_to(columns)), Fact("y", _from_to(rows))]
    return [Fact(f"axis {2 + i}", _from_to(axis)) for i, axis in enumerate(box.axes)]


def _from_to(axis: AxisReach) -> str:
    return with_minus(f"{axis.low} to {axis.high}")


def _padding(box: FieldBox | None) -> str:
    if box is None or not box.is_flat:
        return ""
    words = [
        plural(axis.n_padding, noun)
        for axis, noun in zip(box.axes, ("row", "column"), strict=True)
        if axis.n_padding
    ]
    is_one = sum(axis.n_padding for axis in box.axes) == 1
    return f"{' and '.join(words)} {'lies' if is_one else 'lie'} in the padding." if words else ""


def _bound(bounds: Sequence[str]) -> str:
    return f"At most this: {'; '.join(bounds)}." if bounds else ""


def _told(check: FieldGradients | None) -> str:
    if check is None:
        return ""
    if not check.n_places:
        return "No gradient reached the picture."
    if check.is_inside:
        return f"No gradient outside it at {plural(check.n_places, 'place')}."
    return f"Gradients outside it, up to {100 * check.outside:.2g} % of the greatest."


def _marks(box: FieldBox, check: FieldGradients | None) -> FieldMarks | None:
    """The box as parts of the picture, from 0 to 1."""
    if not box.is_flat:
        return None
    rows, columns = box.axes
    outer = _part(columns.low, rows.low, columns.high + 1, rows.high + 1, box)
    inner = _part(columns.first, rows.first, columns.last + 1, rows.last + 1, box)
    effective = None
    if check is not None and check.effective is not None:
        height, width = (
            side / axis.size for side, axis in zip(check.effective, box.axes, strict=True)
        )
        effective = QRectF(0, 0, width, height)
        effective.moveCenter(outer.center())
    return FieldMarks(outer, inner, effective)


def _part(left: int, top: int, right: int, bottom: int, box: FieldBox) -> QRectF:
    height, width = (axis.size for axis in box.axes)
    return QRectF(left / width, top / height, (right - left) / width, (bottom - top) / height)
