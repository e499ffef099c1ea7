"""All micro cases of the test material, refusals included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conformance.micro import ON_PURPOSE, compare_micro


def test_every_micro_case_agrees_or_differs_on_purpose(material: Callable[[str], Path]) -> None:
    cases = list(compare_micro(material("micro")))
    assert len(cases) == 232
    wrong = {case.name for case in cases if not case.agreement.is_close}
    assert wrong == set(ON_PURPOSE)
