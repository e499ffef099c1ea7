"""Our shapes and our engine beside real Caffe, on every case of the grids."""

from __future__ import annotations

import pytest

from tests.conformance.agreement import compare_case, run_in_torch
from tests.conformance.goldens import FAMILIES, read_goldens


@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_agrees_with_real_caffe(family: str) -> None:
    wrong = {}
    for case, answer in read_goldens(family):
        agreement = compare_case(run_in_torch, case, answer)
        if not agreement.is_close:
            wrong[case.name] = agreement
    assert not wrong
