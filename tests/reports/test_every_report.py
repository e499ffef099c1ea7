"""Every report of the material has a test, and the table that says which tells the truth."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
_ROW = re.compile(r"^\| (\w+) \| `([\w/]+\.py)::(\w+)` \|$", re.MULTILINE)


def rows() -> Iterator[tuple[str, str, str]]:
    """(report, module, test) of each row."""
    text = Path(__file__).with_name("README.md").read_text()
    found = _ROW.findall(text)
    assert len(found) == text.count("\n| ") - 1  # less the heading
    yield from found


def test_every_report_of_the_material_is_in_the_table(material: Callable[[str], Path]) -> None:
    folders = {path.name for path in material("reports").iterdir() if path.is_dir()}
    assert folders == {report for report, _, _ in rows()}


@pytest.mark.parametrize("module", sorted({module for _, module, _ in rows()}))
def test_every_test_of_the_table_is_there(module: str) -> None:
    tree = ast.parse((TESTS / module).read_text())
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {test for _, there, test in rows() if there == module} <= functions
