"""core/layers/CONFORMANCE.md is what its script would write of the types there are."""

from __future__ import annotations

import subprocess

from core.engines.torch.operations import IGNORED_TYPES, OPERATIONS
from core.layers.registry import all_types, layer_type
from tests.conformance.goldens import FAMILIES, family_cases
from tests.conformance.table import TABLE, caffe_types, table_rows

ASK = "import caffe; print(' '.join(caffe.layer_type_list()))"


def test_the_table_lists_every_type_and_what_runs_it() -> None:
    written = TABLE.read_text(encoding="utf-8").splitlines()
    rows = {line.split("|")[1].strip(): line.split("|") for line in written if "| `" in line}
    for line in table_rows({}):
        cells = line.split("|")
        assert cells[1].strip() in rows, "run make conformance"
        assert rows[cells[1].strip()][2:6] == cells[2:6], "run make conformance"
    assert len(rows) == len(all_types()), "run make conformance"


def test_every_case_of_the_grids_is_counted() -> None:
    n_cases = sum(len(family_cases(family)) for family in FAMILIES)
    assert f"{n_cases} of the grids" in TABLE.read_text(encoding="utf-8"), "run make conformance"


def test_every_type_of_real_caffe_runs_stands_in_or_is_named() -> None:
    not_run = {name for name in caffe_types() if name not in OPERATIONS}
    inputs = {name for name in not_run if layer_type(name).family == "data / input"}
    assert not_run - inputs == {"Python"} | IGNORED_TYPES


def test_the_list_of_types_is_that_of_real_caffe(caffe_python: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*caffe_python, "-c", ASK], capture_output=True, text=True, timeout=120, check=True
    )
    assert sorted(done.stdout.split()) == list(caffe_types())
