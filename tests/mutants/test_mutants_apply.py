"""The planted faults still fit the code; `make mutants` finds out whether tests notice them."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTATIONS
from tests.mutants.mutation import DoesNotApply, Mutation


def test_every_fault_can_be_planted_and_its_tests_are_there(repository: Path) -> None:
    lost = []
    for mutation in MUTATIONS:
        try:
            ast.parse(mutation.planted(repository))
        except (DoesNotApply, SyntaxError) as error:
            lost.append(str(error))
        lost += [f"no {test}" for test in mutation.tests if not is_there(repository, test)]
    assert not lost, "give each fault its new text:\n" + "\n".join(lost)
    assert len(MUTATIONS) >= 60


def is_there(repository: Path, test: str) -> bool:
    """A file of tests, or one test of it."""
    file, _, name = test.partition("::")
    path = repository / file
    return path.is_file() and (not name or f"def {name}(" in path.read_text(encoding="utf-8"))


def test_no_fault_is_planted_twice() -> None:
    changes = Counter((m.file, m.old, m.new) for m in MUTATIONS)
    assert [change for change, count in changes.items() if count > 1] == []


@pytest.mark.parametrize(
    ("file", "old", "said"),
    [("a.py", "gone", "0 times"), ("a.py", "x", "2 times"), ("b.py", "x", "not there any more")],
)
def test_a_fault_whose_text_has_gone_is_said(
    tmp_path: Path, file: str, old: str, said: str
) -> None:
    (tmp_path / "a.py").write_text("x = x + 1\n")
    with pytest.raises(DoesNotApply, match=said):
        Mutation("a fault", file, old, "y", ()).planted(tmp_path)
