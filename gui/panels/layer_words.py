"""How shapes, counts and bytes are written in the layer table, the inspector and the changes."""

from __future__ import annotations

from collections.abc import Sequence

from core.net.sentences import join_names as join_names

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB")
_DECIMAL = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))


def shape_text(shape: Sequence[int] | None) -> str:
    """ "1×512×14×14"; an unknown shape is a question mark, a scalar says so."""
    if shape is None:
        return "?"
    return "×".join(str(size) for size in shape) if shape else "scalar"


def count_text(count: int) -> str:
    """A count with thousands separators."""
    return f"{count:,}"


def short_count(count: int) -> str:
    """A large count in three digits: 1.85 G, 102 M, 4.10 M, 512."""
    for unit, size in _DECIMAL:
        if count >= size:
            value = count / size
            digits = 0 if value >= 100 else 1 if value >= 10 else 2
            return f"{value:.{digits}f} {unit}"
    return str(count)


def bytes_text(n_bytes: int) -> str:
    """Bytes in binary units: 16 KiB, 12.2 MiB, 0 B."""
    value, unit = float(n_bytes), 0
    while value >= 1024 and unit < len(_BINARY) - 1:
        value, unit = value / 1024, unit + 1
    whole = value == int(value) or value >= 100
    return f"{value:.0f} {_BINARY[unit]}" if whole else f"{value:.1f} {_BINARY[unit]}"


def plural(count: int, word: str) -> str:
    """ "1 layer", "2 layers"."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
