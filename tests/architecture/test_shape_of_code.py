"""The design can be seen in the tree: small files and functions, one sentence atop each module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
SOURCES = sorted(
    path.relative_to(REPOSITORY)
    for folder in ("core", "gui")
    for path in (REPOSITORY / folder).rglob("*.py")
)


@pytest.fixture(params=SOURCES, ids=str)
def source(request: pytest.FixtureRequest) -> Path:
    return REPOSITORY / request.param


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_and_functions_stay_small(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES_OF_A_FILE
    long = {
        f.name: f.end_lineno - f.lineno + 1
        for f in functions(ast.parse(text))
        if f.end_lineno is not None and f.end_lineno - f.lineno >= MOST_LINES_OF_A_FUNCTION
    }
    assert not long


def test_every_module_says_its_job(source: Path) -> None:
    assert ast.get_docstring(ast.parse(source.read_text(encoding="utf-8")))


def test_no_pickles(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    assert "allow_pickle=True" not in text
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert not imported & {"pickle", "shelve", "marshal", "dill", "joblib"}
