"""A comparison as plain text, as CSV and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core.comparison.pairs import sentence
from core.comparison.rows import ComparedFile, Comparison, ComparisonRow, Status
from core.comparison.totals import totals_of
from core.csv_table import rows_as_csv
from core.words import on_one_line, plural

HEADER = (
    "status", "layer in the first", "layer in the second", "type in the first",
    "type in the second", "kind", "what", "in the first", "in the second", "effect",
)  # fmt: skip
_MARKUP = re.compile(r"([\\`*\[\]<>|&!#])")
_STATUS_WORDS = {
    Status.EQUAL: "equal",
    Status.FOLLOWS: "same text",
    Status.CHANGED: "differs",
    Status.REMOVED: "only in the first",
    Status.ADDED: "only in the second",
}


def as_text(comparison: Comparison, rows: Sequence[ComparisonRow]) -> str:
    """What differs in these rows, for a message or a note."""
    names = (comparison.first.title, comparison.second.title)
    lines = [f"{names[0]} and {names[1]}", summary(comparison), *captions(comparison), ""]
    lines += [f"{t.name}: {t.before}, {t.after} ({t.difference})"
              for t in totals_of(comparison.first, comparison.second)]  # fmt: skip
    lines.append("")
    for row in rows:
        lines.append(f"{row.status.value} {_both_names(row)}  {row.words}".rstrip())
        lines += [f"    {d.kind}: {d.short}" for d in row.counted]
    return "\n".join(lines) + "\n"


def as_csv(comparison: Comparison, rows: Sequence[ComparisonRow]) -> bytes:
    """One line a difference; a layer without one has a line of its own.

    Lines that begin with # come first: what the two files are, and what they have in common.
    """
    lines: list[tuple[str, ...]] = [(f"# {line}",) for line in captions(comparison)]
    lines += [(f"# {line}",) for line in summary(comparison).splitlines()]
    lines.append(HEADER)
    for row in rows:
        lead = (
            _STATUS_WORDS[row.status],
            row.before.name if row.before else "",
            row.after.name if row.after else "",
            row.before.type if row.before else "",
            row.after.type if row.after else "",
        )
        details = [(d.kind, d.name, d.before, d.after, str(d.effect)) for d in row.counted]
        lines.extend((*lead, *detail) for detail in details or [("",) * 5])
    return rows_as_csv(lines)


def as_markdown(comparison: Comparison, rows: Sequence[ComparisonRow]) -> str:
    """Two tables: the totals, then a row a layer."""
    names = (comparison.first.title, comparison.second.title)
    lines = [f"# {_cell(names[0])} and {_cell(names[1])}", "", summary(comparison), ""]
    lines += [*(f"- {_cell(caption)}" for caption in captions(comparison)), ""]
    lines += _markdown_table(
        ("", *names, "difference"),
        [(t.name, t.before, t.after, t.difference)
         for t in totals_of(comparison.first, comparison.second)],
    )  # fmt: skip
    lines.append("")
    table = []
    for row in rows:
        before = f"{row.before.name} ({row.before.type})" if row.before else ""
        after = f"{row.after.name} ({row.after.type})" if row.after else ""
        words = "; ".join(f"{d.kind}: {d.short}" for d in row.counted) or row.words
        table.append((row.status.value, before, after, words))
    lines += _markdown_table(("", *names, "what differs"), table)
    return "\n".join(lines) + "\n"


FORMATS: dict[str, Callable[[Comparison, Sequence[ComparisonRow]], bytes]] = {
    ".md": lambda comparison, rows: _encoded(as_markdown(comparison, rows)),
    ".csv": as_csv,
    ".txt": lambda comparison, rows: _encoded(as_text(comparison, rows)),
}


def _encoded(text: str) -> bytes:
    """UTF-8; names of files that are none keep their bytes."""
    return text.encode("utf-8", "surrogateescape")


def captions(comparison: Comparison) -> tuple[str, ...]:
    """What each file is: "one.prototxt: 5 layers, phase TEST, V2, net "small"."."""
    return tuple(_caption(file) for file in (comparison.first, comparison.second))


def _caption(file: ComparedFile) -> str:
    if file.side is None:
        return f"{file.title}: can't be read."
    net = file.side.net
    facts = [plural(len(net.layers), "layer"), f"phase {net.state.phase}"]
    facts += [str(net.dialect)] if net.dialect else []
    facts += [f'net "{net.name}"'] if net.name else []
    facts += [file.note] if file.note else []
    return f"{file.title}: {', '.join(facts)}."


def summary(comparison: Comparison) -> str:
    """What the two nets have in common, in a line or two."""
    if comparison.nets is None:
        return ""
    first, second = comparison.first.side, comparison.second.side
    said = sentence(comparison.nets)
    if comparison.nets.different or first is None or second is None:
        return said
    if first.net.text == second.net.text:
        return f"{said} The texts are equal, character by character."
    return f"{said} The texts differ in layout, comments or spelling only."


def hint(comparison: Comparison, rows: Sequence[ComparisonRow]) -> str:
    """What most differences come down to, and whether the sums are of other batches."""
    return " ".join(part for part in (_kinds_hint(rows), _batch_hint(comparison)) if part)


def _batch_hint(comparison: Comparison) -> str:
    first, second = (_batch(file) for file in (comparison.first, comparison.second))
    if first is None or second is None or first == second:
        return ""
    return f"MACs and memory are of a whole batch: {first} and {second}."


def _batch(file: ComparedFile) -> int | None:
    """How many inputs a forward pass takes, where the first layer says it."""
    side = file.side
    if side is None or not side.net.layers:
        return None
    shape = side.shapes.top(side.net.layers[0])
    return shape[0] if shape else None


def _kinds_hint(rows: Sequence[ComparisonRow]) -> str:
    changed = [row for row in rows if row.status is Status.CHANGED]
    training = [row for row in changed if _effects(row) <= {"training", "spelling"}]
    names = [row for row in changed if _effects(row) == {"names"}]
    spelling = [row for row in changed if _effects(row) == {"spelling"}]
    parts = []
    if spelling:
        parts.append(f"{len(spelling):,} only in how a value is spelled")
    if len(training) > len(spelling):
        parts.append(f"{len(training) - len(spelling):,} only in training settings")
    if names and len(names) < len(changed):
        parts.append(f"{len(names):,} only in names")
    if not parts:
        return ""
    return f"Of the {len(changed):,} that differ, {', '.join(parts)}."


def _effects(row: ComparisonRow) -> set[str]:
    return {d.effect for d in row.differences if d.effect != "follows"}


def _both_names(row: ComparisonRow) -> str:
    before = row.before.name if row.before else ""
    after = row.after.name if row.after else ""
    return f"{before} -> {after}" if before and after and before != after else before or after


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(_cell(text) for text in line)} |" for line in lines]


def _cell(text: str) -> str:
    """Text that Markdown shows as it is: no name becomes a tag, a link, a picture or a column."""
    return _MARKUP.sub(r"\\\1", on_one_line(text.replace("\n", " ")))
