"""Every CSV is written by the one writer that guards names against spreadsheets."""

from __future__ import annotations

import ast
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
WRITER = REPOSITORY / "core" / "csv_table.py"


def test_no_other_module_writes_csv() -> None:
    others = [
        f"{path.relative_to(REPOSITORY)}:{node.lineno}"
        for folder in ("core", "gui")
        for path in (REPOSITORY / folder).rglob("*.py")
        if path != WRITER
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter")
        if isinstance(node.value, ast.Name) and node.value.id == "csv"
    ]
    assert not others
