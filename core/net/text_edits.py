"""Edits of a prototxt text: quoted names replaced at known places, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import RenameError
from core.net.tokens import Span


@dataclass(frozen=True)
class TextEdit:
    """Replace text[start:end], which is `old`, by `new`; both are names with their quotes."""

    start: int
    end: int
    old: str
    new: str


def name_edit(text: str, span: Span, name: str, new_name: str) -> TextEdit | None:
    """The edit that makes the string at `span`, which says `name`, say `new_name`; None if it does.

    The kind of quote stays.
    """
    if name == new_name:
        return None
    old = text[span.start : span.end]
    quote = old[0] if old[:1] in ("'", '"') else '"'
    return TextEdit(span.start, span.end, old, f"{quote}{new_name}{quote}")


def apply_edits(text: str, edits: Sequence[TextEdit]) -> str:
    """The text with every edit made; RenameError when an edit does not fit the text."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda e: e.start):
        if edit.start < at or text[edit.start : edit.end] != edit.old:
            raise RenameError("The text has changed since this rename was planned.")
        parts += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*parts, text[at:]])


def inverse_edits(edits: Sequence[TextEdit]) -> tuple[TextEdit, ...]:
    """The edits of the new text that lead back to the old one."""
    back, shift = [], 0
    for edit in sorted(edits, key=lambda e: e.start):
        start = edit.start + shift
        back.append(TextEdit(start, start + len(edit.new), edit.new, edit.old))
        shift += len(edit.new) - len(edit.old)
    return tuple(back)


def joined_edits(first: Sequence[TextEdit], second: Sequence[TextEdit]) -> tuple[TextEdit, ...]:
    """One list of edits for the text before `first` that does what `first` then `second` do.

    A name that both edit is edited once, and not at all where the second puts it back.
    Raises RenameError where the two overlap otherwise.
    """
    ordered = sorted(first, key=lambda e: e.start)
    results = inverse_edits(ordered)
    joined = {edit.start: edit for edit in ordered}
    for edit in second:
        at = next((i for i, result in enumerate(results) if result.end > edit.start), len(results))
        if at < len(results) and results[at].start < edit.end:
            before = ordered[at]
            if edit.old != before.new:
                raise RenameError("These two edits change the same place of the text.")
            joined[before.start] = TextEdit(before.start, before.end, before.old, edit.new)
            continue
        shift = sum(len(e.new) - len(e.old) for e in ordered[:at])
        joined[edit.start - shift] = TextEdit(
            edit.start - shift, edit.end - shift, edit.old, edit.new
        )
    return tuple(edit for _, edit in sorted(joined.items()) if edit.old != edit.new)
