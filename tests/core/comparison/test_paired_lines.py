"""Two texts side by side, against rows written by hand."""

from __future__ import annotations

from core.comparison.paired_lines import PairedLine, paired_lines


def shown(rows: tuple[PairedLine, ...]) -> list[str]:
    """Each row as "1 a | 1 a", a skip as "... n"."""
    return [
        f"... {row.n_skipped}"
        if row.n_skipped
        else f"{row.old_number} {row.old} | {row.new_number} {row.new}"
        for row in rows
    ]


def test_equal_texts_have_no_rows() -> None:
    assert paired_lines("a\nb\n", "a\nb\n") == ()


def test_an_edited_line_stands_beside_itself_with_context() -> None:
    old = "\n".join("abcdefghij")
    new = old.replace("e", "E")
    assert shown(paired_lines(old, new, context=1)) == [
        "... 3", "4 d | 4 d", "5 e | 5 E", "6 f | 6 f", "... 4",
    ]  # fmt: skip


def test_two_near_edits_share_their_context() -> None:
    old, new = "a\nb\nc\nd\ne", "A\nb\nc\nd\nE"
    assert shown(paired_lines(old, new, context=2)) == [
        "1 a | 1 A", "2 b | 2 b", "3 c | 3 c", "4 d | 4 d", "5 e | 5 E",
    ]  # fmt: skip


def test_an_added_line_faces_nothing_and_shifts_the_numbers() -> None:
    rows = paired_lines("a\nb\nc", "a\nx\nb\nc", context=5)
    assert shown(rows) == ["1 a | 1 a", "0 None | 2 x", "2 b | 3 b", "3 c | 4 c"]


def test_a_removed_line_faces_nothing() -> None:
    rows = paired_lines("a\nb\nc", "a\nc", context=5)
    assert shown(rows) == ["1 a | 1 a", "2 b | 0 None", "3 c | 2 c"]


def test_only_what_differs_is_marked() -> None:
    row = PairedLine('  top: "fc7"', '  top: "fc7_relu7"', 1, 1)
    (old_start, old_end), (new_start, new_end) = row.changed_spans
    assert old_start == old_end == 11
    assert row.new is not None
    assert row.new[new_start:new_end] == "_relu7"


def test_a_repeated_letter_is_not_counted_from_both_ends() -> None:
    (_, old_end), (new_start, new_end) = PairedLine("aa", "aaa", 1, 1).changed_spans
    assert (old_end, new_start, new_end) == (2, 2, 3)


def test_long_texts_of_different_length_are_paired_at_once() -> None:
    old = "\n".join(str(i) for i in range(30_000))
    new = old.replace("\n15000\n", "\n15000\nnew\n")
    rows = [row for row in paired_lines(old, new) if not row.is_equal]
    assert shown(tuple(rows)) == ["0 None | 15002 new"]
