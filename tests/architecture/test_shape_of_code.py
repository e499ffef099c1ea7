"""The design can be seen in the tree: small files and functions, one sentence atop each module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
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


def names_used(tree: ast.AST) -> Iterator[str]:
    """Every name that code reads, imports or asks of an object."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)


def test_nothing_that_is_read_can_run(source: Path) -> None:
    """Neither pickles nor what unpickles in passing: Qt's settings and streams do."""
    text = source.read_text(encoding="utf-8")
    assert "allow_pickle=True" not in text
    forbidden = {"pickle", "cPickle", "shelve", "marshal", "dill", "joblib", "yaml"}
    forbidden |= {"QSettings", "QDataStream", "unsafe_load", "unpickle", "read_pickle"}
    assert not forbidden & set(names_used(ast.parse(text)))


MODE_TO_WRITE = re.compile(r"[rbt]*[wax+][rwaxbt+]*")
KEEPS_FILES_ITSELF = {
    "core/files.py": "writes beside, syncs and renames",
    "core/log.py": "a log that grows",
    "core/surveys/part_files.py": "parts that grow, with a journal that says how far they count",
    "core/retrieval/vectors_file.py": "rows that grow, of which the database says how many count",
    "core/retrieval/gallery_*.py": "rows written anew, which the database names; copies to read",
    "core/training/run/log.py": "a log that grows line by line",
    "core/children.py": "wishes to the system",
    "core/engines/*": "wishes to the system, and what Caffe reads in a folder of the process",
    "gui/settings_store.py": "puts a damaged file aside",
}
"""Modules that write files otherwise than by core.files, and why."""


def test_files_are_written_beside_and_renamed(source: Path) -> None:
    """Else a kill or a full disk leaves half of one."""
    name = source.relative_to(REPOSITORY).as_posix()
    if any(fnmatch(name, pattern) for pattern in KEEPS_FILES_ITSELF):
        return
    tree = ast.parse(source.read_text(encoding="utf-8"))
    beside = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.With)
        and any("written_beside" in ast.unparse(item.context_expr) for item in block.items)
        for node in ast.walk(block)
    }
    assert [ast.unparse(n) for n in ast.walk(tree) if is_write(n) and id(n) not in beside] == []


def is_write(node: ast.AST) -> bool:
    """Whether a call writes, renames or copies a file, as far as its words tell."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    if called in ("write_bytes", "write_text", "copyfile", "copytree", "renames"):
        return True
    if called in ("replace", "rename"):  # a path's has one argument, a string's two
        return len(node.args) == 1 and not node.keywords
    given = (*node.args, *(keyword.value for keyword in node.keywords))
    words = (a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str))
    return called == "open" and any(MODE_TO_WRITE.fullmatch(word) for word in words)
