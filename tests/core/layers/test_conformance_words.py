"""What the table of conformance says of a type, in the words of the window."""

from __future__ import annotations

import re
from pathlib import Path

from core.engines.torch.operations import OPERATIONS
from core.layers.conformance import Conformance, conformance_of


def test_words_of_a_difference() -> None:
    assert Conformance(81, 3e-7, True).words == "equal to real Caffe to 3e-7"
    assert Conformance(86, 0.0, True).words == "equal to real Caffe"
    assert Conformance(9, 2e-6, False).words == "equal to its reference to 2e-6"


def test_every_measured_type_is_read_from_the_table(repository: Path) -> None:
    """Counted in the text itself: rows with a number of cases that PyTorch runs."""
    text = (repository / "core" / "layers" / "CONFORMANCE.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| yes \| [^|]+ \| \d+ \|", text, re.M)
    assert len(rows) > 60
    known = {name: conformance_of(name) for name in rows}
    assert all(known.values())
    assert all(one.worst < 1e-4 for one in known.values())
    assert set(rows) <= set(OPERATIONS)


def test_nothing_is_claimed_of_what_is_not_compared() -> None:
    for name in ("Data", "Python", "NoSuchType"):
        assert conformance_of(name) is None
