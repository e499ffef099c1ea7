"""Two nets' texts side by side, cut at matched layers so that a layer stands beside its like."""

from __future__ import annotations

from collections.abc import Iterator

from core.comparison.paired_lines import PairedLine, paired_lines
from core.comparison.pairs import NetComparison
from core.net.definition import Layer, Net

WHOLE = 1_000_000
"""More context than a text has lines: nothing is left out."""


def paired_texts(
    before: Net, after: Net, comparison: NetComparison, context: int = WHOLE
) -> tuple[PairedLine, ...]:
    """Both texts line by line; a matched layer begins at the same row on both sides."""
    if before.text == after.text:
        lines = before.text.splitlines()
        return tuple(PairedLine(line, line, i + 1, i + 1) for i, line in enumerate(lines))
    cuts = _cuts(before, after, comparison)
    return paired_lines(before.text, after.text, context, cuts)


def lines_of(net: Net, layer: Layer) -> tuple[int, int] | None:
    """The first and the last line of a layer, from 1; None for one that has no block."""
    if layer.span is None:
        return None
    return layer.line, layer.line + net.text.count("\n", layer.span.start, layer.span.end)


def _cuts(before: Net, after: Net, comparison: NetComparison) -> tuple[tuple[int, int], ...]:
    """Line indices (of the first text, of the second) that increase on both sides."""
    old_line = new_line = -1
    cuts = []
    for old, new in _ends(before, after, comparison):
        if old > old_line and new > new_line:
            cuts.append((old, new))
            old_line, new_line = old, new
    return tuple(cuts)


def _ends(before: Net, after: Net, comparison: NetComparison) -> Iterator[tuple[int, int]]:
    """Where each matched pair of layers starts, and where it ends."""
    for pair in comparison.pairs:
        if pair.before is None or pair.after is None:
            continue
        old, new = lines_of(before, pair.before), lines_of(after, pair.after)
        if old is not None and new is not None:
            yield old[0] - 1, new[0] - 1
            yield old[1], new[1]
