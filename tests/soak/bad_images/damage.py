"""What befalls a good file on its way: ends that are missing, bytes that are others."""

from __future__ import annotations

import random
from collections.abc import Callable


def _noise_after_header(content: bytes, chance: random.Random) -> bytes:
    kept = min(32, len(content) // 4)
    return content[:kept] + chance.randbytes(len(content) - kept)


def _flipped_bits(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(max(3, len(content) // 60)):
        damaged[chance.randrange(8, len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _full_of_ones(content: bytes, _chance: random.Random) -> bytes:
    """Every length and count behind the header is the largest there is."""
    kept = min(24, len(content) // 4)
    return content[:kept] + b"\xff" * 64 + content[kept + 64 :]


def _twice(content: bytes, _chance: random.Random) -> bytes:
    return content[: len(content) // 2] + content


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut_in_its_header": lambda content, _: content[:12],
    "cut_in_the_middle": lambda content, _: content[: len(content) // 2],
    "without_its_last_byte": lambda content, _: content[:-1],
    "zeros_from_the_middle": lambda c, _: c[: len(c) // 2] + bytes(len(c) - len(c) // 2),
    "noise_after_its_header": _noise_after_header,
    "flipped_bits": _flipped_bits,
    "full_of_ones": _full_of_ones,
    "begun_twice": _twice,
}
