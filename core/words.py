"""How names, shapes, counts, bytes, values and shares are written for a reader."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB")
_DECIMAL = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))
_LINE = re.compile(r"[^\n\t]+")


def printable(text: str) -> str:
    """Text that steers no terminal: see `on_one_line`; line ends and tabs stay."""
    return text if text.isprintable() else _LINE.sub(lambda line: on_one_line(line[0]), text)


def on_one_line(text: str) -> str:
    """Text whose control characters, line ends and marks of writing direction are escapes.

    Names of files and layers and what engines print come from strangers: none may steer the
    terminal of who reads them, begin a line of its own or be read backwards. Lone surrogates, which
    stand for bytes that are no text, are escapes too; blanks of every width stay.
    """
    if text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() or unicodedata.category(c) == "Zs"
        else c.encode("unicode_escape").decode()
        for c in text
    )


def join_names(names: Sequence[str]) -> str:
    """ "fc7", "fc7 and drop7", "bn1, scale1 and relu1"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def readable_name(name: str) -> str:
    """A name, in quotes where they alone show it: an empty one, or blanks at an end."""
    return name if name and name == name.strip() and name.isprintable() else repr(name)


def shape_text(shape: Sequence[int] | None) -> str:
    """ "1×512×14×14"; an unknown shape is a question mark, a scalar says so."""
    if shape is None:
        return "?"
    return "×".join(str(size) for size in shape) if shape else "scalar"


def order_words(colour_order: str) -> str:
    """An order of channels; files spell "gray" as Caffe's force_gray does, texts "grey"."""
    return colour_order.replace("gray", "grey")


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


def plural_with(count: int, word: str, one: str, many: str) -> str:
    """A count with the verb that goes with it: "1 layer differs", "2 layers differ"."""
    return f"{plural(count, word)} {one if count == 1 else many}"


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


def with_minus(number: str) -> str:
    """A number as Python writes it, with the minus sign that texts have."""
    return number.replace("-", MINUS)


def percent_number(share: float) -> str:
    """A share such as an AP in percent, whose sign stands apart: "86.4" of 0.864."""
    return f"{100 * share:.1f}"


def points(difference: float, digits: int = 1) -> str:
    """A difference of two shares in points of percent: "+4.8" of 0.048."""
    return with_minus(f"{100 * difference:+.{digits}f}")


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


def clock_text(seconds: float) -> str:
    """Minutes and seconds: "0:09", "8:00", "1:02:03"; "under 1 s"."""
    if seconds < 1:
        return "under 1 s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def about_text(seconds: float) -> str:
    """How long something will take, as it is known before: "about 8:00", "under 1 s"."""
    return f"about {clock_text(seconds)}" if seconds >= 1 else clock_text(seconds)


def tick_text(value: float, step: float) -> str:
    """A tick label with as many decimals as the step between ticks needs."""
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or step < 1e-4:
        text = f"{abs(value):.0e}" if abs(value) == step else f"{abs(value):.2g}"
    else:
        text = f"{abs(value):,.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"
    return (MINUS if value < 0 else "") + text.replace("e+0", "e").replace("e-", f"e{MINUS}")
