"""The fast paths of the torch engine: they run where they can, and what is missing is said."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.engines.base import EngineProcess, EngineSpec, FastPath, Value
from core.engines.fidelity import cosine
from core.engines.operations import Want
from core.engines.registry import start_engine
from core.engines.session import OpenRequest, Session
from core.engines.torch import compiling, packing
from core.engines.torch.backend import FAST_PATHS, TorchBackend
from core.measures.measure import Keep
from core.net.definition import NetState

NET = """
input: "data"
input_shape { dim: 1 dim: 16 dim: 12 dim: 12 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "data" top: "sum" }
layer { name: "relu" type: "ReLU" bottom: "sum" top: "sum" }
layer { name: "pool" type: "Pooling" bottom: "sum" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
"""
FC = Value("fc", "fc")
is_x86 = platform.machine().lower() in ("x86_64", "amd64")


def open_net(backend: TorchBackend) -> Session:
    return backend.open(OpenRequest(NET, None, "cpu", 0, NetState(), {}))


def pass_of(session: Session) -> np.ndarray:
    data = np.random.default_rng(1).standard_normal((1, 16, 12, 12)).astype(np.float32)
    return session.measure({"data": data}, [Want(FC, Keep())], lambda layer: None)[0]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.skipif(
    not (is_x86 and torch.backends.mkldnn.is_available()),
    reason="only torch for x86 processors is known to have all fast paths",
)
def test_the_pinned_torch_has_every_fast_path(torch_process: EngineProcess) -> None:
    """Fails when a new torch loses one, which would otherwise only be slower."""
    assert torch_process.fast_paths() == tuple(FastPath(name) for name in FAST_PATHS)


@pytest.mark.skipif(bool(packing.why_unavailable()), reason="no packed weights here")
def test_passes_take_the_paths_that_are_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed in every pass; compiled, for a pass that comes again, from the third on."""
    calls: dict[str, int] = {}

    def count(module: object, name: str) -> None:
        function = getattr(module, name)

        def counted(*given: object, **named: object) -> object:
            calls[name] = calls.get(name, 0) + 1
            return function(*given, **named)

        monkeypatch.setattr(module, name, counted)

    backend = TorchBackend({"threads": "1"})
    session = open_net(backend)
    count(packing, "convolve")
    count(packing, "multiply")
    count(compiling, "compile_formula")
    passes = [pass_of(session).tobytes()]
    assert calls == {"convolve": 1, "multiply": 1}
    passes += [pass_of(session).tobytes() for _ in range(3)]
    assert len(set(passes)) == 1
    assert calls["multiply"] == 4
    if not backend.fast_paths()[1].why_not:
        assert calls["compile_formula"] == 2  # the convolution with what follows it, the pooling
        assert calls["convolve"] == 2
        step_types = [planned.step.layer.type for planned in next(iter(session._plans.values()))]
        assert step_types == ["Convolution", "Pooling", "InnerProduct"]


def test_without_packed_weights_the_numbers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = pass_of(open_net(TorchBackend({"threads": "1"})))
    monkeypatch.setattr(packing, "why_unavailable", lambda: "told so")
    backend = TorchBackend({"threads": "1"})
    assert backend.fast_paths() == (
        FastPath("packed weights", "told so"),
        FastPath("compiled layers", "needs packed weights"),
        FastPath("fused sums", "needs packed weights"),
    )
    monkeypatch.setattr(packing, "convolve", None)  # whoever calls it fails
    monkeypatch.setattr(packing, "multiply", None)
    monkeypatch.setattr(compiling, "compile_formula", None)
    session = open_net(backend)
    for _ in range(3):
        assert cosine(pass_of(session).ravel(), wanted.ravel()) > 0.999999


FOLLOWERS = {
    "ReLU": ('type: "ReLU" bottom: "conv"', lambda conv, data: np.maximum(conv, 0)),
    "slope": (
        'type: "ReLU" bottom: "conv" relu_param { negative_slope: 0.5 }',
        lambda conv, data: np.where(conv > 0, conv, conv / 2),
    ),
    "sum": ('type: "Eltwise" bottom: "conv" bottom: "data"', lambda conv, data: conv + data),
    "product": (
        'type: "Eltwise" bottom: "conv" bottom: "data" eltwise_param { operation: PROD }',
        lambda conv, data: conv * data,
    ),
    "weighted sum": (
        'type: "Eltwise" bottom: "conv" bottom: "data" eltwise_param { coeff: 2 coeff: -1 }',
        lambda conv, data: 2 * conv - data,
    ),
    "read twice": (
        'type: "Eltwise" bottom: "conv" bottom: "relu"',
        lambda conv, data: conv + np.maximum(conv, 0),
    ),
}


@pytest.mark.parametrize("name", FOLLOWERS)
def test_only_what_can_be_fused_is(name: str) -> None:
    """Layers behind a convolution that gives one positive and one negative value."""
    follower, formula = FOLLOWERS[name]
    text = f"""
    input: "data" input_shape {{ dim: 1 dim: 2 dim: 1 dim: 1 }}
    layer {{ name: "conv" type: "Convolution" bottom: "data" top: "conv"
      convolution_param {{ num_output: 2 kernel_size: 1 }} }}
    layer {{ name: "relu" type: "ReLU" bottom: "conv" top: "relu" }}
    layer {{ name: "x" {follower} top: "x" }}
    """
    session = TorchBackend({"threads": "1"}).open(OpenRequest(text, None, "cpu", 0, NetState(), {}))
    data = np.array([3, -2], np.float32).reshape(1, 2, 1, 1)
    conv, x = (Want(Value(layer, layer), Keep()) for layer in ("conv", "x"))

    def measure(*wants: Want) -> list[np.ndarray]:
        return session.measure({"data": data}, wants, lambda layer: None)

    (plain,) = measure(conv)
    assert plain.min() < 0 < plain.max()
    wanted = formula(plain, data)
    np.testing.assert_allclose(measure(x)[0], wanted, rtol=1e-6)
    np.testing.assert_allclose(measure(x, conv)[0], wanted, rtol=1e-6)
    np.testing.assert_array_equal(measure(x, conv)[1], plain)


def test_an_operator_that_torch_dropped_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    operators = {name: None for name in packing._OPERATORS if name != "_linear_pointwise"}
    monkeypatch.setattr(packing, "_operators", lambda: SimpleNamespace(**operators))
    found = packing.why_unavailable()
    assert found == f"torch {torch.__version__} has no operator mkldnn._linear_pointwise"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("multiply", "computes something else in them"),
        ("convolve", "computes something else in them"),
    ],
)
def test_operators_that_compute_something_else_are_not_used(
    monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    function = getattr(packing, name)
    monkeypatch.setattr(packing, name, lambda *given, **named: function(*given, **named) + 1)
    if torch.backends.mkldnn.is_available():
        assert packing.why_unavailable() == f"torch {torch.__version__} {told}"


def test_a_torch_that_changed_the_operators_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise TypeError("takes 7 arguments\nand more")

    monkeypatch.setattr(packing, "convolve", refuse)
    if torch.backends.mkldnn.is_available():
        said = f"torch {torch.__version__} refuses them: takes 7 arguments"
        assert packing.why_unavailable() == said


@pytest.mark.parametrize(
    ("part", "stand_in", "said"),
    [
        ("_create_graph_by_tracing", None, "refuses to compile: 'NoneType' object"),
        ("_last_executed_optimized_graph", lambda: "graph()", "compiles nothing"),
    ],
)
def test_a_torch_that_does_not_compile_is_said(
    monkeypatch: pytest.MonkeyPatch, part: str, stand_in: object, said: str
) -> None:
    monkeypatch.setattr(torch._C, part, stand_in)
    assert f"torch {torch.__version__} {said}" in compiling.why_unavailable()


@pytest.mark.skipif(bool(packing.why_unavailable()), reason="no packed weights here")
def test_bfloat16_is_not_compiled_and_says_so() -> None:
    backend = TorchBackend({"precision": "bfloat16"})
    assert backend.fast_paths()[1] == FastPath("compiled layers", "only float32 is compiled")


@pytest.mark.parametrize("n_images", [1, 3])
def test_one_thread_and_two_give_the_same_bits(small_net: str, n_images: int) -> None:
    """Threads are chosen by trial, so values may not tell how many there were."""
    data = np.random.default_rng(5).normal(size=(n_images, 3, 12, 10)).astype(np.float32)
    wanted = [Value("pool1", "pool1"), Value("prob", "prob")]
    found = []
    for n_threads in ("1", "2"):
        with start_engine(EngineSpec("torch", options=(("threads", n_threads),))) as process:
            found.append(process.open(small_net).forward({"data": data}, wanted))
    for value in wanted:
        assert found[0][value].tobytes() == found[1][value].tobytes()
