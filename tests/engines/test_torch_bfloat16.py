"""The torch engine in bfloat16: near float32, and refused where it can't be had."""

from __future__ import annotations

import numpy as np
import pytest

from core.engines.base import EngineSpec, Value
from core.engines.fidelity import cosine, measure_fidelity, relative_difference
from core.engines.registry import start_engine
from core.engines.torch import packing
from core.errors import EngineError, EngineUnavailableError
from core.progress import run_job

BFLOAT16 = EngineSpec("torch", options=(("precision", "bfloat16"), ("threads", "1")))
needs_bfloat16 = pytest.mark.skipif(
    packing.why_unavailable() or not packing.has_bfloat16(),
    reason="this processor has no bfloat16",
)


def images() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {"data": rng.standard_normal((2, 3, 12, 10)).astype(np.float32)}


@needs_bfloat16
def test_every_layer_is_near_float32_and_not_it(small_net: str) -> None:
    rows = run_job(measure_fidelity(small_net, None, images()))
    assert [row.value.layer for row in rows] == [
        "conv1", "relu1", "pool1", "fc2", "relu2", "drop2", "fc3", "prob",
    ]  # fmt: skip
    assert all(row.cosine > 0.9995 for row in rows)
    # 8 bits of mantissa: a rounding of 2 ** -9 at least somewhere, and no more than a few of them
    assert all(1e-4 < row.relative_difference < 2e-2 for row in rows), rows


@needs_bfloat16
def test_the_convolution_is_rounded_to_bfloat16(small_net: str) -> None:
    with start_engine(BFLOAT16) as process:
        assert process.versions()["precision"] == "bfloat16"
        value = Value("conv1", "conv1")
        found = process.open(small_net).forward(images(), [value])[value]
    assert found.dtype == np.float32
    assert not (found.view(np.uint32) & 0xFFFF).any()


def test_float32_stays_the_default(small_net: str) -> None:
    with start_engine(EngineSpec("torch", options=(("threads", "1"),))) as process:
        assert "precision" not in process.versions()
        value = Value("conv1", "conv1")
        found = process.open(small_net).forward(images(), [value])[value]
    assert (found.view(np.uint32) & 0xFFFF).any()


def test_a_processor_without_it_is_named(small_net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    with start_engine(BFLOAT16) as process:
        found = {one.name: one.why_not for one in process.devices()[0].precisions}
        assert found["float32"] == ""
        assert found["bfloat16"].startswith("needs a processor with AVX-512 BF16")
        with pytest.raises(EngineError, match="can't run in bfloat16"):
            process.open(small_net)


def test_what_only_a_gpu_has_is_said_of_a_processor() -> None:
    with start_engine(EngineSpec("torch", options=(("threads", "1"),))) as process:
        found = {one.name: one.why_not for one in process.devices()[0].precisions}
    assert list(found) == ["float32", "tf32", "bfloat16", "float16"]
    assert found["tf32"] == found["float16"] == "needs a GPU with CUDA"
    has_it = not packing.why_unavailable() and packing.has_bfloat16()
    assert (found["bfloat16"] == "") == has_it


def test_an_unknown_precision_is_refused() -> None:
    spec = EngineSpec("torch", options=(("precision", "float8"),))
    with start_engine(spec) as process, pytest.raises(EngineUnavailableError, match="float8"):
        process.versions()


def test_cosine_and_difference_by_hand() -> None:
    a, b = np.array([3.0, 4.0]), np.array([4.0, 3.0])
    assert cosine(a, b) == pytest.approx(24 / 25)
    assert relative_difference(a, b) == pytest.approx(1 / 4)
    zero = np.zeros(2)
    assert (cosine(zero, zero), cosine(zero, a)) == (1.0, 0.0)
    assert relative_difference(zero, zero) == 0.0
