"""The text difference of an edit, layer by layer, as it will be saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from core.net.definition import Layer, Net

CONTEXT_BEFORE, CONTEXT_AFTER = 2, 1


@dataclass(frozen=True)
class DiffLine:
    """One line: " " as it was, "-" taken out, "+" put in; numbers count from 1."""

    kind: Literal[" ", "-", "+"]
    number: int
    text: str


@dataclass(frozen=True)
class LayerDifference:
    """The changed lines of one layer with a little context."""

    layer: str
    type: str
    lines: tuple[DiffLine, ...]


def text_difference(before: Net, after: Net) -> tuple[LayerDifference, ...]:
    """What changed between two texts that differ in names only, so line for line."""
    old, new = before.text.splitlines(), after.text.splitlines()
    changed = {i for i, pair in enumerate(zip_longest(old, new)) if pair[0] != pair[1]}
    if not changed:
        return ()
    blocks = ((layer, _lines_of(before, layer)) for layer in (*before.layers, *before.inactive))
    ordered = sorted(blocks, key=lambda pair: pair[1].start)
    return tuple(
        LayerDifference(layer.name, layer.type, tuple(_hunk(old, new, changed & set(lines), lines)))
        for layer, lines in ordered
        if changed & set(lines)
    )


def _lines_of(net: Net, layer: Layer) -> range:
    spans = [layer.span] if layer.span else [s for s in layer.top_spans if s]
    first = min(span.line for span in spans) - 1
    last = max(span.line - 1 + net.text.count("\n", span.start, span.end) for span in spans)
    return range(first, last + 1)


def _hunk(old: list[str], new: list[str], changed: set[int], lines: range) -> Iterator[DiffLine]:
    shown = {
        i + offset
        for i in changed
        for offset in range(-CONTEXT_BEFORE, CONTEXT_AFTER + 1)
        if i + offset in lines
    }
    run: list[int] = []
    for i in sorted(shown):
        if i in changed and (not run or run[-1] == i - 1):
            run.append(i)
            continue
        yield from _run(old, new, run)
        run = [i] if i in changed else []
        if not run:
            yield DiffLine(" ", i + 1, old[i])
    yield from _run(old, new, run)


def _run(old: list[str], new: list[str], run: list[int]) -> Iterator[DiffLine]:
    yield from (DiffLine("-", i + 1, old[i]) for i in run)
    yield from (DiffLine("+", i + 1, new[i]) for i in run)
