"""The text difference of an edit, layer by layer, as it will be saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
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


@dataclass(frozen=True)
class _Lines:
    """Both texts, the old lines that go, and the new lines that come after each old one."""

    old: list[str]
    removed: frozenset[int]
    added: dict[int, list[DiffLine]]

    @property
    def changed(self) -> set[int]:
        return set(self.removed) | set(self.added)


def text_difference(before: Net, after: Net) -> tuple[LayerDifference, ...]:
    """What changed between two texts, one an edit of the other, layer by layer in file order."""
    lines = _compared(before.text.splitlines(), after.text.splitlines())
    changed = lines.changed
    if not changed:
        return ()
    blocks = ((layer, _lines_of(before, layer)) for layer in (*before.layers, *before.inactive))
    ordered = sorted(blocks, key=lambda pair: pair[1].start)
    return tuple(
        LayerDifference(layer.name, layer.type, tuple(_hunk(lines, changed & set(block), block)))
        for layer, block in ordered
        if changed & set(block)
    )


def _compared(old: list[str], new: list[str]) -> _Lines:
    """Line for line where only names changed, as is usual; else aligned between equal ends."""
    removed: set[int] = set()
    added: dict[int, list[DiffLine]] = {}
    for i1, i2, j1, j2 in _changed_ranges(old, new):
        removed.update(range(i1, i2))
        for offset, j in enumerate(range(j1, j2)):
            at = min(i1 + offset, i2 - 1) if i2 > i1 else max(i1 - 1, 0)
            added.setdefault(at, []).append(DiffLine("+", j + 1, new[j]))
    return _Lines(old, frozenset(removed), added)


def _changed_ranges(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    if len(old) == len(new):
        yield from ((i, i + 1, i, i + 1) for i in range(len(old)) if old[i] != new[i])
        return
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = SequenceMatcher(
        None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False
    )
    for kind, i1, i2, j1, j2 in middle.get_opcodes():
        if kind != "equal":
            yield start + i1, start + i2, start + j1, start + j2


def _lines_of(net: Net, layer: Layer) -> range:
    spans = [layer.span] if layer.span else [s for s in layer.top_spans if s]
    first = min(span.line for span in spans) - 1
    last = max(span.line - 1 + net.text.count("\n", span.start, span.end) for span in spans)
    return range(first, last + 1)


def _hunk(lines: _Lines, changed: set[int], block: range) -> Iterator[DiffLine]:
    shown = {
        i + offset
        for i in changed
        for offset in range(-CONTEXT_BEFORE, CONTEXT_AFTER + 1)
        if i + offset in block
    }
    run: list[int] = []
    for i in sorted(shown):
        if i in lines.removed and (not run or run[-1] == i - 1):
            run.append(i)
            continue
        yield from _run(lines, run)
        run = [i] if i in lines.removed else []
        if not run:
            yield DiffLine(" ", i + 1, lines.old[i])
            yield from lines.added.get(i, ())
    yield from _run(lines, run)


def _run(lines: _Lines, run: list[int]) -> Iterator[DiffLine]:
    yield from (DiffLine("-", i + 1, lines.old[i]) for i in run)
    for i in run:
        yield from lines.added.get(i, ())
