"""No name becomes a formula in a spreadsheet, and ours are read back as they were."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.csv_table import guarded_cell, plain_cell, rows_as_csv, write_csv

FORMULAS = (
    "=1+1",
    "+SUM(A1)",
    "-2+3",
    "@x",
    "\tx",
    "\rx",
    "\n=x",
    "'=1",
    "''@x",
    "＝1",
    "-",
    "-1x",
)
HARMLESS = ("fc7", "a=b", " =1", "'tis", "", "-1.5", "+3", "-2e-05", "-inf", ".5", "1.", "−3")


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_guarded(text: str) -> None:
    assert guarded_cell(text) == f"'{text}"


@pytest.mark.parametrize("cell", [*HARMLESS, -1.5, -3, None])
def test_names_and_numbers_stay(cell: object) -> None:
    assert guarded_cell(cell) == cell


@given(st.text(alphabet="'=+-@\t\r1.ex,\"\n é", max_size=8))
def test_every_text_comes_back(text: str) -> None:
    assert plain_cell(str(guarded_cell(text))) == text
    rows = list(csv.reader(io.StringIO(rows_as_csv([(text, 1)]).decode(), newline="")))
    assert [plain_cell(rows[0][0]), *rows[0][1:]] == [text, "1"]


def test_a_file_is_the_same_as_the_text(tmp_path: Path) -> None:
    rows = [("a", -1), ("=b", "\udcff"), ("\ud800", 0.5)]
    write_csv(tmp_path / "t.csv", iter(rows))
    assert (tmp_path / "t.csv").read_bytes() == rows_as_csv(rows)
    assert rows_as_csv(rows) == b"a,-1\n'=b,\xff\n\\ud800,0.5\n"


def test_a_caption_is_skipped_by_readers_and_runs_in_no_spreadsheet(tmp_path: Path) -> None:
    lines = ["of 3, or 4, images", "a,=cmd|'x'!A1; -2", 'a "quoted" word\nand another line']
    write_csv(tmp_path / "t.csv", [("file", "score"), ("a,b.png", 1)], lines)
    written = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()
    assert written[0] == "# of 3, or 4, images"
    assert written[1] == "# a,'=cmd|'x'!A1;' -2"
    assert [line[0] for line in written] == ["#", "#", "#", "f", '"']
    table = [line for line in written if not line.startswith("#")]
    assert list(csv.reader(table)) == [["file", "score"], ["a,b.png", "1"]]
