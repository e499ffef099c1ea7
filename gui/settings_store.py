"""The file of what the window remembers: plain words by name, shared by all windows of a user."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from core.errors import AppError
from core.files import write_file
from core.locks import locked
from core.typed_json import as_type, load_json

_LOG = logging.getLogger(__name__)

FORMAT = "Blobscope settings 1"
MAX_FILE_BYTES = 4 << 20
MAX_WORD_CHARACTERS = 256 << 10
MAX_LIST_LENGTH = 10
_KEPT_CHARACTERS = 1 << 20
_LOCK_SECONDS = 2.0

Word = str | tuple[str, ...]


class SettingsStore:
    """Words and short lists by name. Any thread may call it; `write` merges with what others wrote.

    former: the words to begin with where there is no file yet. fading: what names begin with that
    may grow many; of those only the ones stay that were set last. A damaged file is put aside, as
    `damaged` says.
    """

    def __init__(
        self, path: Path, former: Mapping[str, Word], fading: tuple[str, ...] = ()
    ) -> None:
        self.path = path
        self._fading = fading
        self.damaged: Path | None = None
        self._guard = threading.Lock()
        self._changed: dict[str, Word] = {}
        self._words: dict[str, Word] = self._read()
        if not self._words and not path.exists():
            self._changed = dict(former)

    def word(self, name: str, default: str = "") -> str:
        """A word; the default for one that is missing or no word."""
        value = self._value(name)
        return value if isinstance(value, str) else default

    def words(self, name: str) -> tuple[str, ...]:
        """A list, newest first."""
        value = self._value(name)
        return value if isinstance(value, tuple) else ()

    def set_word(self, name: str, word: str) -> bool:
        """Remember a word; True if that is a change. One beyond all bounds is not remembered."""
        if len(word) > MAX_WORD_CHARACTERS or self._value(name) == word:
            return False
        with self._guard:
            self._changed.pop(name, None)
            self._changed[name] = word
        return True

    def add_word(self, name: str, word: str) -> bool:
        """Put a word first in a list."""
        known = self.words(name)
        if known[:1] == (word,):
            return False
        with self._guard:
            before = self._changed.get(name, ())
            self._changed[name] = _first(word, before if isinstance(before, tuple) else ())
        return True

    def write(self) -> None:
        """Bring every change to the disk, between those of other windows. Raises AppError."""
        with self._guard:
            changed = dict(self._changed)
        if not changed:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Where the lock is not to be had in time, the whole file is written all the same: two
            # windows may then forget a change of one another, but no file is ever half written.
            with locked(self.path.with_name(f"{self.path.name}.lock"), _LOCK_SECONDS):
                words = _bounded(_merged(self._read(), changed), self._fading)
                write_file(self.path, _encoded(words))
        except OSError as error:
            raise AppError(f"{self.path} can't be written: {error.strerror or error}.") from error
        with self._guard:
            self._words = words
            self._changed = {
                name: word for name, word in self._changed.items() if changed.get(name) != word
            }

    def _value(self, name: str) -> Word | None:
        with self._guard:
            changed, kept = self._changed.get(name), self._words.get(name)
        if isinstance(changed, tuple):
            return _joined(changed, kept)
        return kept if changed is None else changed

    def _read(self) -> dict[str, Word]:
        if not self.path.exists():
            return {}
        try:
            found = as_type(load_json(self.path, MAX_FILE_BYTES), dict[str, object], self.path.name)
            if found.get("format") != FORMAT:
                raise AppError(f"{self.path.name} holds no settings.")
            values = as_type(found.get("values"), dict[str, object], self.path.name)
        except AppError as error:
            _LOG.warning("The settings are damaged: %s", error)
            self._put_aside()
            return {}
        return {name: word for name, value in values.items() if (word := _word(value)) is not None}

    def _put_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.stem}.damaged{self.path.suffix}")
        with suppress(OSError):
            self.path.replace(aside)
            self.damaged = aside


def _merged(kept: dict[str, Word], changed: Mapping[str, Word]) -> dict[str, Word]:
    """What is in the file, with the changes last."""
    for name, word in changed.items():
        before = kept.pop(name, None)
        kept[name] = _joined(word, before) if isinstance(word, tuple) else word
    return kept


def _joined(newer: tuple[str, ...], older: Word | None) -> tuple[str, ...]:
    words = newer
    for word in older if isinstance(older, tuple) else ():
        if word not in words:
            words = (*words, word)
    return words[:MAX_LIST_LENGTH]


def _first(word: str, others: tuple[str, ...]) -> tuple[str, ...]:
    return (word, *(other for other in others if other != word))[:MAX_LIST_LENGTH]


def _bounded(words: dict[str, Word], fading: tuple[str, ...]) -> dict[str, Word]:
    """Without the oldest of what may fade, where all is too much."""
    room, gone = _KEPT_CHARACTERS, set()
    for name, word in reversed(words.items()):
        room -= len(name) + (len(word) if isinstance(word, str) else sum(map(len, word)))
        if room < 0 and name.startswith(fading):
            gone.add(name)
    return {name: word for name, word in words.items() if name not in gone}


def _word(value: object) -> Word | None:
    if isinstance(value, str):
        return value if len(value) <= MAX_WORD_CHARACTERS else None
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value[:MAX_LIST_LENGTH])
    return None


def _encoded(words: Mapping[str, Word]) -> bytes:
    # Escaped, so that a path of any bytes can be kept.
    return json.dumps({"format": FORMAT, "values": words}, indent=1).encode("ascii") + b"\n"
