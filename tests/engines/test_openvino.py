"""What OpenVINO does by itself, and must not do here."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineSpec, Value
from core.engines.registry import open_engine
from core.errors import EngineError
from core.weights.writer import write_caffemodel
from tests.engines.conftest import SMALL_NET

if importlib.util.find_spec("openvino") is None:
    pytest.skip("the extra [fast] is not installed", allow_module_level=True)


def test_nobody_is_told_that_it_was_imported(tmp_path: Path, repository: Path) -> None:
    """Its own package for that starts a thread that sends, and leaves files at home."""
    code = """
import sys, threading
import core.engines.openvino.backend
print(threading.active_count(), [name for name in sys.modules if "telemetry.backend" in name])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[0] == "1 []"
    assert list(tmp_path.iterdir()) == []


def test_it_computes_in_float32_where_it_would_not_by_itself() -> None:
    """bfloat16 keeps 8 bits: a thousandth and more off, of every product."""
    data = np.random.default_rng(0).standard_normal((2, 3, 12, 10)).astype(np.float32)
    found = []
    for name in ("torch", "openvino"):
        with open_engine(EngineSpec(name), SMALL_NET) as engine:
            found.append(engine.forward({"data": data}, [Value("fc3", "fc3")]))
    one, other = (values[Value("fc3", "fc3")] for values in found)
    assert np.abs(one - other).max() < 2e-6 * np.abs(one).max()


def test_nan_is_refused_where_it_would_come_out_as_zero(tmp_path: Path) -> None:
    """In real Caffe ReLU(NaN) is NaN, in OpenVINO 0."""
    text = """
        input: "data" input_shape { dim: 1 dim: 2 }
        layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
          inner_product_param { num_output: 2 bias_term: false } }
        layer { name: "relu" type: "ReLU" bottom: "fc" top: "relu" }
        layer { name: "other" type: "ReLU" bottom: "data" top: "other" }"""
    data = np.array([[1.0, -2.0]], np.float32)
    relu, other = Value("relu", "relu"), Value("other", "other")
    weights = tmp_path / "weights.caffemodel"
    write_caffemodel(weights, "", [("fc", "InnerProduct", [np.array([[1, np.nan], [1, 1]])])])
    with open_engine(EngineSpec("openvino"), text, weights) as engine:
        with pytest.raises(EngineError, match=r"'fc' .*NaN or infinity") as refused:
            engine.forward({"data": data}, [relu])
        assert refused.value.hint == "The engine torch runs it."
        np.testing.assert_array_equal(engine.forward({"data": data}, [other])[other], [[1, 0]])
    largest = float(np.finfo(np.float32).max)
    with open_engine(EngineSpec("openvino"), text) as engine:
        for value in (np.nan, np.inf, -np.inf):
            with pytest.raises(EngineError, match="An input holds NaN or infinity"):
                engine.forward({"data": np.array([[value, 1]], np.float32)}, [relu])
        large = {"data": np.array([[largest, largest]], np.float32)}
        np.testing.assert_array_equal(engine.forward(large, [other])[other], large["data"])


def test_equal_passes_give_equal_bits() -> None:
    """Whatever else ran between, in batches of other sizes too."""
    rng = np.random.default_rng(1)
    data = rng.standard_normal((4, 3, 12, 10)).astype(np.float32)
    fc3, prob = Value("fc3", "fc3"), Value("prob", "prob")
    with open_engine(EngineSpec("openvino"), SMALL_NET) as engine:
        first = engine.forward({"data": data}, [fc3])[fc3]
        for size in (1, 2, 3, 4, 2, 4):
            engine.forward({"data": data[:size]}, [prob])
            engine.forward({"data": data[:size]}, [fc3, prob])
        np.testing.assert_array_equal(engine.forward({"data": data}, [fc3])[fc3], first)
