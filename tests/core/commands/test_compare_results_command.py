"""`compare-results`: two files of `evaluate --json`, or rows of a sweep."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.evaluation.diagnostics import Diagnostics
from core.retrieval.sweep_file import save_sweep
from core.retrieval.sweep_rows import SweepRow

FIRST = {"a.jpg": 0.2, "b.jpg": 0.5, "c.jpg": 0.9, "only.jpg": 1.0}
SECOND = {"c.jpg": 0.8, "a.jpg": 0.6, "b.jpg": 0.7}


def evaluated(path: Path, precisions: dict[str, float], variant: str = "non-interpolated") -> Path:
    """As `evaluate --json` prints it."""
    queries = [{"index": 0, "file": f, "label": "x", "AP": ap} for f, ap in precisions.items()]
    path.write_text(json.dumps({"mAP": 0.5, "AP_variant": variant, "queries": queries}))
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return evaluated(tmp_path / "one.json", FIRST), evaluated(tmp_path / "two.json", SECOND)


def test_two_results_query_by_query(
    command: Callable[..., object], files: tuple[Path, Path], tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    found = command("compare-results", *files, "--json", "--csv", table)
    assert found.code == 0
    answer = found.json
    assert answer["first"] == {"name": "one.json", "mAP": pytest.approx(1.6 / 3)}
    assert answer["second"] == {"name": "two.json", "mAP": pytest.approx(2.1 / 3)}
    assert answer["difference"] == pytest.approx(0.5 / 3)
    # the signs of 0.4, 0.2 and -0.1: of eight sums four are as far from 0 as 0.5 is
    assert answer["p"] == 0.5
    assert (answer["n_queries"], answer["n_better"], answer["n_worse"]) == (3, 2, 1)
    assert (answer["only_in_first"], answer["only_in_second"]) == (1, 0)
    assert [query["file"] for query in answer["queries"]] == ["a.jpg", "b.jpg", "c.jpg"]
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert float(rows[0]["difference"]) == pytest.approx(0.4)


def test_the_verdict_for_people(command: Callable[..., object], files: tuple[Path, Path]) -> None:
    found = command("compare-results", *files, "-k", "1")
    assert "two.json is 16.67 points of mAP better than one.json" in found.out
    assert "which may be chance" in found.out
    assert "a.jpg" in found.out
    assert "b.jpg" not in found.out
    assert "Left out: 1 queries of the first" in found.out
    backwards = command("compare-results", files[1], files[0])
    better = "two.json is 16.67 points of mAP better than one.json"
    assert f"{better} (second minus first \N{MINUS SIGN}16.67, 95 %" in backwards.out
    same = command("compare-results", files[0], files[0])
    assert "Both have the same mAP" in same.out


def swept(folder: Path) -> Path:
    """A sweep of two rows over three queries."""
    why = Diagnostics(0.0, 1.0, 0.0, 0.5)
    rows = []
    for pooling, precisions in (("gap", [0.1, 0.2, 0.9]), ("mac", [0.3, 0.3, 0.9])):
        numbers = np.array(precisions)
        mean = float(numbers.mean())
        rows.append(
            SweepRow(
                (0,), "relu7", "fc7", pooling, "l2", 4, mean, mean, mean, mean, mean, 3, 0, 0.1,
                why, numbers,
            )
        )  # fmt: skip
    folder.mkdir()
    save_sweep(folder, rows, "mac leads.", "folders", ["a.jpg", "b.jpg", "c.jpg"])
    return folder


def test_rows_of_a_sweep(
    command: Callable[..., object], files: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = swept(tmp_path / "sweep")
    found = command("compare-results", f"{folder}:relu7,gap", folder, "--json").json
    assert found["first"]["name"] == "sweep: relu7, GAP, L2"
    assert found["second"]["name"] == "sweep: relu7, MAC, L2"
    assert found["difference"] == pytest.approx(0.1)
    mixed = command("compare-results", f"{folder}:relu7,gap", files[1], "--json").json
    assert mixed["n_queries"] == 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.json", None, "names no result"),
        ("empty.json", "{}", "queries"),
        ("big.json", '{"AP_variant": "x", "queries": [{"file": "a", "AP": 7}]}', "AP"),
        ("no.json", "rubbish", "JSON"),
        ("other.json", '{"AP_variant": "trapezoid", "queries": []}', "trapezoid"),
        (
            "apart.json",
            '{"AP_variant": "non-interpolated", "queries": [{"file": "z", "AP": 0.5}]}',
            "no query in common",
        ),
    ],
)
def test_what_can_not_be_compared_is_said(
    command: Callable[..., object],
    files: tuple[Path, Path],
    tmp_path: Path,
    name: str,
    content: str | None,
    said: str,
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    found = command("compare-results", files[0], tmp_path / name)
    assert found.code in (1, 2)
    assert said in found.err
    folder = swept(tmp_path / "sweep")
    assert "no row 'fc8'" in command("compare-results", files[0], f"{folder}:fc8").err
