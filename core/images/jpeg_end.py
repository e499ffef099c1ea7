"""Where a JPEG file ends, and whether its coded data ends before its picture does."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from PIL import Image, ImageFile

_START_OF_SCAN, _END_OF_IMAGE, _RESTART_INTERVAL = 0xDA, 0xD9, 0xDD
_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
END_MARKER = b"\xff\xd9"
# In the data of a scan 0xFF stands before 0x00, a restart marker or another 0xFF.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# Eight bits of ones. No code has sixteen, so that the fewest blocks are made of the most of them.
_MORE_CODE = b"\xff\x00"
_N_READ_AHEAD, _N_OFFERED = 7, 24
"""Bytes that a decoder takes of what it does not decode yet, and those that are offered."""


def find_jpeg_end(data: bytes) -> int | None:
    """The position of the end marker after the last scan; None where the file lacks one.

    Read from the markers (ITU-T T.81, annex B), so that a preview in front and a video behind the
    picture, which have markers of their own, do not count.
    """
    return _last_scan(data).end


def load_unless_cut(image: Image.Image, data: bytes) -> bool | None:
    """Load a JPEG that is opened and not yet read, and say whether its coded data ends early.

    Where it does, or where that can't be told (None), the image is still to be loaded by `load`,
    which raises what it raises.

    Decoders make up what is missing without a word. So the end marker is kept back, and more code
    is offered byte by byte: one that has all its blocks passes over each byte at once, in search of
    a marker; one that still wants some lets bytes wait until they make a block. That is seen in
    pictures of every mode and in however many scans, but for the last one to four blocks, for which
    what a decoder reads ahead is enough.
    """
    scan = _last_scan(data)
    tiles: list[Any] = getattr(image, "tile", [])
    # Pillow has no public way to a decoder that takes its bytes from a caller
    decoder_of: Any = getattr(Image, "_getdecoder", None)
    if scan.end is None or len(tiles) != 1 or decoder_of is None:
        return None
    if not isinstance(image, ImageFile.ImageFile):
        return None
    # a decoder that waits for a restart marker passes over bytes, too
    if len(_RESTART.findall(data, scan.start, scan.end)) < scan.n_restarts:
        return True
    image.load_prepare()
    decoder = decoder_of(image.mode, tiles[0][0], tiles[0][3], image.decoderconfig)
    try:
        decoder.setimage(image.im, tiles[0][1])
        feed = _Feed(decoder)
        feed.offer(data[: scan.end])
        waiting = [feed.offer(_MORE_CODE) for _ in range(_N_OFFERED)]
        if any(waiting[_N_READ_AHEAD:]):
            return True
        feed.offer(END_MARKER)
        if not feed.has_ended:
            return None
    except OSError:
        return None
    finally:
        decoder.cleanup()
    image.tile = []
    return False


class _Feed:
    """Hands a decoder its bytes, and keeps those that it does not take yet."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._left = b""
        self.has_ended = False

    def offer(self, data: bytes) -> int:
        """How many bytes wait after it. Raises OSError where the decoder gives up."""
        if self.has_ended:
            return 0
        self._left += data
        n_taken, error = self._decoder.decode(self._left)
        if n_taken < 0:
            self.has_ended, self._left = True, b""
            if error < 0:
                raise OSError(f"the decoder of JPEG gives up ({error})")
            return 0
        self._left = self._left[n_taken:]
        return len(self._left)


class _Scan(NamedTuple):
    """Where the data of a scan begins and ends, None without an end marker of the picture.

    n_restarts: how many restart markers are in it when it is whole.
    """

    start: int
    end: int | None
    n_restarts: int


def _last_scan(data: bytes) -> _Scan:
    at, start, frame, interval, n_restarts = 2, 0, b"", 0, 0
    while at + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _END_OF_IMAGE:
            return _Scan(start, at, n_restarts)
        if marker == 0xFF:
            at += 1
            continue
        begin, at = at + 4, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _STARTS_OF_FRAME:
            frame = data[begin:at]
        elif marker == _RESTART_INTERVAL:
            interval = int.from_bytes(data[begin:at], "big")
        elif marker == _START_OF_SCAN:
            start, n_restarts = at, 0
            if interval:
                n_restarts = -(-_count_units(frame, data[begin:at]) // interval) - 1
            found = _NEXT_MARKER.search(data, at)
            if found is None:
                break
            at = found.start()
    return _Scan(start, None, n_restarts)


def _count_units(frame: bytes, scan: bytes) -> int:
    """How many minimum coded units a scan has (ITU-T T.81, A.2); 0 for headers that are none."""
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    components = {frame[at]: divmod(frame[at + 1], 16) for at in range(6, len(frame) - 2, 3)}
    if not components or not scan or any(0 in sides for sides in components.values()):
        return 0
    most = [max(sides[axis] for sides in components.values()) for axis in (0, 1)]
    across, down = 8 * most[0], 8 * most[1]
    if scan[0] == 1:  # a component by itself has units of one block
        own = components.get(scan[1], (0, 0)) if len(scan) > 1 else (0, 0)
        if 0 in own:
            return 0
        width, height = -(-width * own[0] // most[0]), -(-height * own[1] // most[1])
        across = down = 8
    return -(-width // across) * -(-height // down)
