"""`doctor`: what runs here, and what does not and why."""

from __future__ import annotations

from core.engines.base import EngineSpec
from core.engines.registry import try_engine
from core.engines.torch.backend import FAST_PATHS


def test_the_doctor_names_them(command) -> None:
    status = try_engine(EngineSpec("torch", options=(("threads", "1"),)))
    assert [path.name for path in status.fast_paths] == list(FAST_PATHS)
    found = command("doctor", "--json").json["engines"][0]["fast_paths"]
    assert [path["name"] for path in found] == list(FAST_PATHS)
    printed = command("doctor").out
    for path in status.fast_paths:
        assert f"fast path {path.sentence}\n" in printed
