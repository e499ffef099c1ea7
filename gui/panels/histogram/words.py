"""How the ticks and the bins of a histogram are written."""

from __future__ import annotations

import math

from core.words import MINUS, value_text


def tick_text(value: float, step: float) -> str:
    """A tick label with as many decimals as the step between ticks needs."""
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or step < 1e-4:
        text = f"{abs(value):.0e}" if abs(value) == step else f"{abs(value):.2g}"
    else:
        text = f"{abs(value):,.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"
    return (MINUS if value < 0 else "") + text.replace("e+0", "e").replace("e-", f"e{MINUS}")


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
