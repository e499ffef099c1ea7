"""A count and its noun agree: nothing says "1 layers", since one function writes every count."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("gui", "core/comparison", "core/commands", "core/edits", "core/jobs", "core/net",
           "core/surveys", "core/weights")  # fmt: skip
"""What people read most; sentences of engines about shapes, which hold for several, are not in."""

NOUNS = (
    "layer image blob name value array file version row job query channel filter notice edit group"
    " class score line box block writer pair folder number change gallery picture type dimension"
    " descriptor representation label column result step parameter axis batch part second"
).split()
SEVERAL = re.compile(rf"^ (?!only )((?:[a-z]+(?:-[a-z]+)? ){{0,2}}?(?:{'|'.join(NOUNS)})s)\b")
COUNT = re.compile(r"(^|\W)(len\(|n_\w+|count\b)")
NAME_OF_A_LIMIT = re.compile(r"[\w.]*_?[A-Z][A-Z_0-9]+")


def counts_without_agreement(source: str) -> Iterator[str]:
    """Each format that puts a count before a noun in the plural."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, words in zip(node.values, node.values[1:], strict=False):
            if not (isinstance(value, ast.FormattedValue) and isinstance(words, ast.Constant)):
                continue
            noun = SEVERAL.match(words.value)
            written = ast.unparse(value.value)
            if noun and is_count(written, value) and not NAME_OF_A_LIMIT.fullmatch(written):
                yield f"line {node.lineno}: {{{written}}} {noun[1]}"


def is_count(written: str, value: ast.FormattedValue) -> bool:
    if "plural" in written or written.startswith("'"):
        return False
    has_commas = value.format_spec is not None and "','" in ast.dump(value.format_spec)
    is_call = isinstance(value.value, ast.Call) and not written.startswith(("len(", "sum("))
    return has_commas or (bool(COUNT.search(written)) and not is_call)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_format_says_one_layers(folder: str) -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}, {what}"
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        for what in counts_without_agreement(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_a_count_that_does_not_agree_would_be_found() -> None:
    assert list(counts_without_agreement('x = f"Give {len(them)} layers blobs"'))
    assert list(counts_without_agreement('x = f"{n_left:,} in-place layers"'))
    assert not list(
        counts_without_agreement(
            'x = f"{_MOST} layers {plural(n_x, "layer")}"'.replace('"layer"', "'layer'")
        )
    )
