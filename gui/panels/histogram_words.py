"""How numbers are written in the histogram: values, counts, bins and the hover readout."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"


def value_text(value: float) -> str:
    """A value with the digits worth reading: 13.218, -0.8869, 1.20e-05, NaN."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}Inf"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e6):
        text = f"{size:.2e}"
    elif size >= 100:
        text = f"{size:,.2f}"
    elif size >= 1 or size == 0:
        text = f"{size:.3f}"
    else:
        text = f"{size:.4f}"
    return (MINUS if value < 0 else "") + text.replace("e-", f"e{MINUS}")


def count_text(count: int) -> str:
    """A count with thousands separators."""
    return f"{count:,}"


def share_text(count: int, total: int, digits: int = 1) -> str:
    """`count` of `total` in percent; never a rounded 0 or 100 that is not exact."""
    if not total:
        return "0 %"
    percent = 100.0 * count / total
    smallest = 10.0**-digits
    if 0 < percent < smallest:
        return f"< {smallest:g} %"
    if 100.0 - smallest < percent < 100.0:
        return f"> {100.0 - smallest:.{digits}f} %"
    return f"{percent:.{digits}f} %"


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
