"""The scans of a JPEG file, counted from its markers without decoding (ITU-T T.81, annex B)."""

from __future__ import annotations

import re

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_PROGRESSIVE_FRAMES = (0xC2, 0xCA)
# In the data of a scan 0xFF stands before 0x00, a restart marker or another 0xFF.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def count_scans(data: bytes) -> tuple[bool, int]:
    """Whether a JPEG is progressive, and how many scans begin in it; (False, 0) for no JPEG."""
    is_progressive, n_scans = False, 0
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _END_OF_IMAGE:
            break
        if marker == 0xFF:
            at += 1
            continue
        is_progressive = is_progressive or marker in _PROGRESSIVE_FRAMES
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            n_scans += 1
            found = _NEXT_MARKER.search(data, at)
            if found is None:
                break
            at = found.start()
    return is_progressive, n_scans
