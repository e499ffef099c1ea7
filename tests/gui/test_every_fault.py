"""The table of faults and their tests tells the truth, and leaves none out that hurt."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
LAST_THAT_HURTS = 39
_ROW = re.compile(r"^\| (\d+)(?: and (\d+))? [^|]+ \| `([\w/]+\.py)::(\w+)` \|$", re.MULTILINE)


def rows() -> Iterator[tuple[set[int], str, str]]:
    """(faults, module, test) of each row."""
    text = Path(__file__).with_name("README.md").read_text()
    found = _ROW.findall(text)
    assert len(found) == text.count("\n| ") - 1  # less the heading
    for one, other, module, test in found:
        yield {int(number) for number in (one, other) if number}, module, test


def test_every_fault_that_hurts_has_a_test() -> None:
    told = set().union(*(faults for faults, _, _ in rows()))
    assert set(range(1, LAST_THAT_HURTS + 1)) <= told


def test_every_test_of_the_table_is_there() -> None:
    for module in {module for _, module, _ in rows()}:
        tree = ast.parse((TESTS / module).read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert {test for _, there, test in rows() if there == module} <= functions, module
