"""Fields that a session keeps: each by a name of its own, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from gui.widgets.segments import Segments

_NAME = "keptAs"
_YES, _NO = "yes", "no"


@runtime_checkable
class Kept(Protocol):
    """A field of another kind, which says itself what is kept of it."""

    def kept_word(self) -> str:
        """What is chosen, in a word."""
        ...

    def take_word(self, word: str) -> None:
        """Choose it again; a word that means nothing changes nothing."""
        ...


def keep(group: str, **fields: QWidget) -> None:
    """Let sessions keep these fields, as "group name"."""
    for name, field in fields.items():
        field.setProperty(_NAME, f"{group} {name}")


def kept_fields(root: QWidget) -> dict[str, QWidget]:
    """Those in a window, by their names."""
    found = ((field.property(_NAME), field) for field in root.findChildren(QWidget))
    return {str(name): field for name, field in found if name}


def kept_words(root: QWidget) -> dict[str, str]:
    """What the fields of a window say."""
    return {name: word_of(field) for name, field in kept_fields(root).items()}


def take_words(root: QWidget, words: Mapping[str, str]) -> dict[str, str]:
    """Let fields say it again as a user would; returns what they can't say now."""
    fields = kept_fields(root)
    for name, word in words.items():
        if name in fields and word_of(fields[name]) != word:
            _take(fields[name], word)
    return {n: word for n, word in words.items() if n in fields and word_of(fields[n]) != word}


def word_of(field: QWidget) -> str:
    """What a field says, in a word."""
    if isinstance(field, Segments):
        return field.current
    if isinstance(field, Kept):
        return field.kept_word()
    if isinstance(field, QComboBox):
        return _key(field, field.currentIndex())
    if isinstance(field, QSpinBox | QDoubleSpinBox | QAbstractSlider):
        return repr(field.value())
    if isinstance(field, QLineEdit):
        return field.text()
    if isinstance(field, QAbstractButton):
        return _YES if field.isChecked() else _NO
    raise TypeError(f"{type(field).__name__} can't be kept")


def _take(field: QWidget, word: str) -> None:
    if isinstance(field, Segments):
        field.choose(word)
    elif isinstance(field, Kept):
        field.take_word(word)
    elif isinstance(field, QComboBox):
        place = next((i for i in range(field.count()) if _key(field, i) == word), -1)
        if place >= 0:
            field.setCurrentIndex(place)
            field.activated.emit(place)
    elif isinstance(field, QLineEdit):
        field.setText(word)
        field.textEdited.emit(word)
    elif isinstance(field, QAbstractButton):
        if word in (_YES, _NO):
            field.click()
    elif isinstance(field, QDoubleSpinBox):
        field.setValue(_number(word, field.value()))
    elif isinstance(field, QSpinBox | QAbstractSlider):
        field.setValue(round(_number(word, field.value())))


def _key(field: QComboBox, place: int) -> str:
    key = field.itemData(place)
    return key if isinstance(key, str) else field.itemText(place)


def _number(word: str, otherwise: float) -> float:
    try:
        number = float(word)
    except ValueError:
        return otherwise
    return number if abs(number) < 1e12 else otherwise
