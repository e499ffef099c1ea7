"""One side of the talk between an engine's child and its client.

A caller that asks for the same values of one image after another sends the same words each time.
They are put together and understood once: after a pause in which other programs had the caches,
doing so anew takes longer than the copy of the image.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import msgspec
import numpy as np

from core import frames
from core.engines.operations import Begin, Done, Take
from core.images.pixels import Pictures, Pixels, values_of
from core.shared_arrays import SharedArrays

_MOST_KNOWN = 16
_MOST_BYTES = 1 << 16

Message = msgspec.Struct | Mapping[str, Any]


@dataclass(frozen=True)
class Heard:
    """A frame as it was read: its header, which stays as it is, and its arrays.

    words: the header as bytes. Arrays that do not own their memory are overwritten by the next
    frame that comes the same way.
    """

    header: Mapping[str, Any]
    arrays: Sequence[np.ndarray]
    words: bytes


class Talk:
    """Says frames to the other side, and hears its own."""

    def __init__(self, hears: IO[bytes], says: IO[bytes], shared: SharedArrays) -> None:
        self._hears, self._says, self._shared = hears, says, shared
        self._said: dict[Hashable, tuple[bytes, Sequence[np.ndarray]]] = {}
        self._heard: dict[bytes, Heard] = {}

    def say(self, message: Message, arrays: Sequence[Pictures] = ()) -> None:
        """Write one frame; array types outside frames.DTYPES raise FrameError.

        Pixels become values where they are to lie.
        """
        key = _key(message, arrays)
        known = None if key is None else self._said.get(key)
        if known is None:
            known = self._put_together(message, arrays)
            if known is None:
                return
            if key is not None and len(known[0]) <= _MOST_BYTES:
                _keep(self._said, key, known)
        frame, places = known
        for place, array in zip(places, arrays, strict=True):
            if isinstance(array, Pixels):
                array.write(place)
            else:
                place[...] = array
        self._says.write(frame)
        self._says.flush()

    def hear(self) -> Heard:
        """Wait for a frame. Raises what frames.read_frame raises."""
        words, n_bytes = frames.read_words(self._hears)
        known = self._heard.get(words)
        if known is not None and not n_bytes:
            return known
        header, arrays = frames.read_body(self._hears, words, n_bytes)
        is_shared = self._shared.is_named(header)
        heard = Heard(header, self._shared.look(header, arrays), words)
        if is_shared and len(words) <= _MOST_BYTES:
            _keep(self._heard, words, heard)
        return heard

    def note(self, text: str) -> bool:
        """Leave a word that wakes nobody; False where it has to be said."""
        return self._shared.note(text)

    def noted(self) -> str:
        """The other side's last word of that kind, whether it lives or not."""
        return self._shared.noted()

    def forget_noted(self) -> None:
        """What it was about is over."""
        self._shared.forget_noted()

    def close(self) -> None:
        """Give the shared memory back; safe to repeat. The pipes are their owner's."""
        self._said.clear()
        self._heard.clear()
        self._shared.close()

    def _put_together(
        self, message: Message, arrays: Sequence[Pictures]
    ) -> tuple[bytes, Sequence[np.ndarray]] | None:
        """A frame whose arrays have their places in shared memory; None: it went by the pipe."""
        header = message if isinstance(message, Mapping) else msgspec.to_builtins(message)
        told, places = self._shared.lend(header, arrays)
        if places is None:
            frames.write_frame(self._says, told, [values_of(array) for array in arrays])
            return None
        return frames.frame_of(told), places


def _key(message: Message, arrays: Sequence[Pictures]) -> Hashable:
    """What a frame with these arrays begins with is known by; None where it is made each time."""
    if not arrays or not isinstance(message, Take | Begin | Done):
        return None
    return (message, *((array.dtype, array.shape) for array in arrays))


def _keep(known: dict[Any, Any], key: Hashable, value: Any) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = value
