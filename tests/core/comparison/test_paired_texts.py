"""Two nets' texts side by side: nothing lost, and matched layers at one row."""

from __future__ import annotations

import time

from core.comparison.paired_texts import lines_of, paired_texts
from core.comparison.pairs import compare_nets
from core.net.reader import read_net

BLOCK = 'layer {{\n  name: "{0}"\n  type: "{1}"\n  bottom: "{2}"\n  top: "{0}"\n}}\n'
FIRST = BLOCK.format("a", "ReLU", "x") + BLOCK.format("c", "TanH", "a")
SECOND = (
    BLOCK.format("a", "ReLU", "x")
    + BLOCK.format("b", "ReLU", "a")
    + "# here\n"
    + BLOCK.format("c", "TanH", "b")
)


def pair(before: str, after: str):
    first, second = read_net(before), read_net(after)
    return paired_texts(first, second, compare_nets(first, second))


def test_both_texts_are_there_to_the_last_line() -> None:
    rows = pair(FIRST, SECOND)
    assert [row.old for row in rows if row.old is not None] == FIRST.splitlines()
    assert [row.new for row in rows if row.new is not None] == SECOND.splitlines()
    assert [row.old_number for row in rows if row.old_number] == list(range(1, 13))


def test_a_matched_layer_begins_at_one_row() -> None:
    rows = pair(FIRST, SECOND)
    # c begins at line 7 of the first and, after b and a comment, at line 14 of the second
    assert [(r.old_number, r.new_number) for r in rows if 14 <= r.new_number <= 16] == [
        (7, 14), (8, 15), (9, 16),
    ]  # fmt: skip
    assert next(r.new for r in rows if r.old is None) == "layer {"


def test_equal_texts_stand_whole() -> None:
    rows = pair(FIRST, FIRST)
    assert len(rows) == 12
    assert all(row.is_equal and row.old_number == row.new_number for row in rows)


def test_lines_of_a_layer_count_from_one() -> None:
    net = read_net(SECOND)
    assert lines_of(net, net.layer("c")) == (14, 19)
    implicit = read_net('input: "x"\ninput_dim: 1\n' + FIRST)
    assert lines_of(implicit, implicit.layer("input")) is None


def test_hundreds_of_renamed_layers_are_laid_out_at_once() -> None:
    def chain(prefix: str, n: int) -> str:
        return "".join(
            BLOCK.format(f"{prefix}{i}", ("ReLU", "TanH")[i % 2], f"{prefix}{i - 1}")
            for i in range(n)
        )

    begin = time.perf_counter()
    rows = pair(chain("a", 900), chain("b", 880))
    assert len([row for row in rows if row.new is not None]) == 6 * 880
    assert time.perf_counter() - begin < 20  # minutes where whole texts are aligned
