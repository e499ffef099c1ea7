"""Two texts side by side: which line stands beside which, and where equal lines are left out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONTEXT = 3
"""Equal lines shown around each difference."""

_MOST_ALIGNED = 20_000
"""Above this many lines texts of different length are paired from their ends inwards."""


@dataclass(frozen=True)
class PairedLine:
    """One row: the line before and the line after; None where that side has none.

    Numbers count from 1. n_skipped: for a row that stands for equal lines left out, how many.
    """

    old: str | None = None
    new: str | None = None
    old_number: int = 0
    new_number: int = 0
    n_skipped: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether both sides say the same, or the row stands for lines that do."""
        return self.old == self.new

    @property
    def changed_spans(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(start, end) of what differs in `old` and in `new`; whole lines where a side is missing.

        What both begin and end with is left out.
        """
        old, new = self.old or "", self.new or ""
        shorter = min(len(old), len(new))
        start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
        end = next(
            (i for i in range(shorter - start) if old[len(old) - 1 - i] != new[len(new) - 1 - i]),
            shorter - start,
        )
        return (start, len(old) - end), (start, len(new) - end)


def paired_lines(
    old: str, new: str, context: int = CONTEXT, cuts: Sequence[tuple[int, int]] = ()
) -> tuple[PairedLine, ...]:
    """The rows around every difference; () for equal texts.

    cuts: indices of lines, increasing on both sides, that must stand beside each other.
    """
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return ()
    blocks = _blocks_between(before, after, cuts) if cuts else _blocks(before, after)
    return tuple(_rows(before, after, blocks, context))


Block = tuple[int, int, int, int]
"""A difference: old lines from the first to the second number, new ones from third to fourth."""


def _blocks_between(
    before: Sequence[str], after: Sequence[str], cuts: Sequence[tuple[int, int]]
) -> list[Block]:
    found = []
    old, new = 0, 0
    for old_end, new_end in (*cuts, (len(before), len(after))):
        for a, b, c, d in _blocks(before[old:old_end], after[new:new_end]):
            found.append((a + old, b + old, c + new, d + new))
        old, new = old_end, new_end
    return found


def _blocks(before: Sequence[str], after: Sequence[str]) -> list[Block]:
    if len(before) == len(after):  # names were edited, so line stands beside line
        changed = [
            i for i, pair in enumerate(zip(before, after, strict=True)) if len(set(pair)) > 1
        ]
        return [(i, i + 1, i, i + 1) for i in changed]
    if len(before) + len(after) > _MOST_ALIGNED:
        return [_middle(before, after)]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [(a, b, c, d) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def _middle(before: Sequence[str], after: Sequence[str]) -> Block:
    shorter = min(len(before), len(after))
    start = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    end = next((i for i in range(shorter - start) if before[-1 - i] != after[-1 - i]),
               shorter - start)  # fmt: skip
    return start, len(before) - end, start, len(after) - end


def _rows(
    before: Sequence[str], after: Sequence[str], blocks: Sequence[Block], context: int
) -> Iterator[PairedLine]:
    at, shift = 0, 0
    for number, (old_start, old_end, new_start, new_end) in enumerate(blocks):
        yield from _equal(before, at, old_start, shift, 0 if number == 0 else context, context)
        for i in range(max(old_end - old_start, new_end - new_start)):
            old, new = old_start + i, new_start + i
            yield PairedLine(
                before[old] if old < old_end else None,
                after[new] if new < new_end else None,
                old + 1 if old < old_end else 0,
                new + 1 if new < new_end else 0,
            )
        at, shift = old_end, new_end - old_end
    yield from _equal(before, at, len(before), shift, context, 0)


def _equal(
    before: Sequence[str], start: int, end: int, shift: int, n_head: int, n_tail: int
) -> Iterator[PairedLine]:
    """Equal lines from `start` to `end`: the first and the last few, and how many lie between."""
    n_skipped = end - start - n_head - n_tail
    shown = range(start, end) if n_skipped <= 1 else (*range(start, start + n_head),)
    for i in shown:
        yield PairedLine(before[i], before[i], i + 1, i + 1 + shift)
    if n_skipped > 1:
        yield PairedLine(n_skipped=n_skipped)
        for i in range(end - n_tail, end):
            yield PairedLine(before[i], before[i], i + 1, i + 1 + shift)
