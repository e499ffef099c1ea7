"""How the bins of a histogram are written."""

from __future__ import annotations

import math

from core.words import MINUS, value_text


def edge_text(value: float, width: float) -> str:
    """A bin edge with enough decimals to tell it from the next one, `width` away."""
    if width <= 0 or not math.isfinite(width):
        return value_text(value)
    decimals = max(0, 2 - math.floor(math.log10(width) + 1e-9) - 1)
    if decimals > 6:
        return f"{value:.3e}".replace("-", MINUS)
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def bin_text(low: float, high: float, *, is_last: bool) -> str:
    """`[low, high)`; the last bin holds its upper edge too."""
    width = high - low
    return f"[{edge_text(low, width)}, {edge_text(high, width)}{']' if is_last else ')'}"
