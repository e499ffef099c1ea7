"""A short, repeatable round of every fuzz target; `python -m tests.fuzz.run` goes on for longer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

N_INPUTS = {"prototxt": 150, "rename": 40, "hdf5": 200, "wire": 200, "mean": 200}
SHARE_ACCEPTED = {"prototxt": 0.04, "rename": 0.3}


# as core.images.decoding has it outside of tests
@pytest.mark.filterwarnings(r"ignore:.*:UserWarning:PIL\.")
@pytest.mark.filterwarnings(r"ignore:.*:RuntimeWarning:PIL\.")
@pytest.mark.parametrize("name", TARGETS)
def test_inputs_by_chance(name: str) -> None:
    target = TARGETS[name]
    verdicts: list[bool] = []

    @settings(
        max_examples=N_INPUTS.get(name, 100),
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def check(made: Any) -> None:
        verdicts.append(target.check(made))

    check()
    # a round in which everything is refused at the first byte would show nothing
    assert SHARE_ACCEPTED.get(name, 0.005) < sum(verdicts) / len(verdicts) < 1


def test_a_check_notices_what_it_is_for() -> None:
    prototxt = TARGETS["prototxt"].check
    assert prototxt('layer { name: "a" type: "ReLU" }')
    assert not prototxt("layer {")
    with pytest.raises(TypeError):  # no reader's own error gets away
        prototxt(None)
    assert isinstance(TARGETS["wire"].inputs, st.SearchStrategy)
