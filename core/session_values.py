"""Typed access to the values of an untrusted JSON file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import AppError


class SessionError(AppError):
    """A session file that can't be read."""


class Entry:
    """One JSON object; every question about a value of another type raises SessionError."""

    def __init__(self, values: object, file_name: str, place: str = "") -> None:
        self.file_name = file_name
        self._place = place
        if not isinstance(values, dict):
            raise SessionError(f"{file_name} is damaged: {place or 'it'} is no object.")
        self.values: Mapping[str, Any] = values

    def has(self, name: str) -> bool:
        """Whether there is a value that is not null."""
        return self.values.get(name) is not None

    def word(self, name: str) -> str:
        """A string."""
        return str(self._value(name, str, "string"))

    def boolean(self, name: str) -> bool:
        """True or false."""
        return bool(self._value(name, bool, "boolean"))

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self._value(name, int, "whole number")
        if isinstance(value, bool):
            raise self._wrong(name, "whole number")
        return int(value)

    def number(self, name: str) -> float:
        """A finite number."""
        return self._finite(self.values.get(name), name)

    def words(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(name, "list of strings")
        return tuple(values)

    def rows(self, name: str, types: Sequence[type]) -> tuple[tuple[Any, ...], ...]:
        """A list of lists, each with one value of each type."""
        rows = self._list(name)
        for row in rows:
            is_row = isinstance(row, list) and len(row) == len(types)
            if not is_row or any(
                type(value) is not kind for value, kind in zip(row, types, strict=True)
            ):
                raise self._wrong(name, "list of rows")
        return tuple(tuple(row) for row in rows)

    def entry(self, name: str) -> Entry:
        """An object."""
        return Entry(self.values.get(name), self.file_name, name)

    def optional_entry(self, name: str) -> Entry | None:
        """An object, or None for null."""
        return self.entry(name) if self.has(name) else None

    def entries(self, name: str) -> tuple[Entry, ...]:
        """A list of objects."""
        return tuple(Entry(value, self.file_name, name) for value in self._list(name))

    def _list(self, name: str) -> list[Any]:
        return list(self._value(name, list, "list"))

    def _value(self, name: str, kind: type, what: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, kind):
            raise self._wrong(name, what)
        return value

    def _finite(self, value: object, name: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "number")
        try:
            number = float(value)
        except OverflowError:
            raise self._wrong(name, "number") from None
        if not math.isfinite(number):
            raise self._wrong(name, "finite number")
        return number

    def _wrong(self, name: str, what: str) -> SessionError:
        where = f"{self._place}.{name}" if self._place else name
        return SessionError(f"{self.file_name} is damaged: {where} is no {what}.")
