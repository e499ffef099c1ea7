"""True gradients by hand, where real Caffe's own are wrong in place and where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.attribution.explanation import Explained
from core.attribution.methods import Method
from core.attribution.targets import ChannelTarget
from core.engine_names import GRAPH_ENGINES, engine_title, installed_graph_engines
from core.engines.base import EngineSpec
from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.interventions.intervention import Intervention
from core.jobs.intervene import InterveneRequest, intervene
from core.jobs.look import Looker, LookRequest
from core.jobs.rank_channels import RankChannelsRequest, rank_channels
from core.jobs.saliency import SaliencyRequest, saliency
from core.jobs.way_back import way_back
from core.progress import run_job

NET = """
layer {{ name: "in" type: "Input" top: "x"
  input_param {{ shape {{ dim: 1 dim: 1 dim: 2 dim: 2 }} }} }}
layer {{ name: "half" type: "Power" bottom: "x" top: "y" power_param {{ scale: 0.5 }} }}
layer {{ name: "twice" type: "Power" bottom: "x" top: "z" power_param {{ scale: 2 }} }}
layer {{ name: "op" bottom: "y" top: "y" {op} }}
layer {{ name: "drop" type: "Dropout" bottom: "y" top: "y" }}
layer {{ name: "off" type: "Silence" bottom: "z" }}
"""
CLASSES = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "half" type: "Power" bottom: "x" top: "y" power_param { scale: 0.5 } }
layer { name: "prob" type: "Softmax" bottom: "y" top: "p" }
"""
X = np.array([[[[1.8, -1], [3, 2.5]]]], np.float32)
H = 0.5 * X[0, 0].astype(np.float64)
EVEN = 1 + H**2
CASES = {
    'type: "Power" power_param { power: 2 }': H,
    'type: "Clip" clip_param { min: 0 max: 1 }': 0.5 * ((H > 0) & (H < 1)),
    'type: "ReLU" relu_param { negative_slope: -0.5 }': np.where(H > 0, 0.5, -0.25),
    'type: "Log" log_param { shift: 2 }': 0.5 / (H + 2),
    'type: "BNLL"': 0.5 / (1 + np.exp(-H)),
    'type: "LRN" lrn_param { local_size: 1 }': -1.5 * H * EVEN**-2.5,
    'type: "Eltwise" bottom: "z" eltwise_param { operation: PROD }': 2 * X[0, 0],
    'type: "Eltwise" bottom: "z" eltwise_param { operation: SUM }': np.full((2, 2), 2.0),
}
"""The slope of the sum of what a layer gives. In place real Caffe's SUM keeps z = 2 x alone, and an
LRN gives the square of its factor."""


@pytest.fixture(scope="module")
def host() -> Iterator[EngineHost]:
    with EngineHost() as opened:
        opened.process(EngineSpec())
        for name in installed_graph_engines():
            opened.process(EngineSpec(name))
        yield opened


@pytest.fixture(params=GRAPH_ENGINES)
def graph_engine(request: pytest.FixtureRequest) -> EngineSpec:
    """Each engine without a way back."""
    if request.param not in installed_graph_engines():
        pytest.skip("the extra [fast] is not installed")
    return EngineSpec(request.param)


@pytest.fixture(scope="module")
def caffe(host: EngineHost, caffe_python: tuple[str, ...]) -> EngineSpec:
    spec = EngineSpec("caffe", caffe_python)
    host.process(spec)
    return spec


def explained(tmp_path: Path, host: EngineHost, op: str, spec: EngineSpec) -> Explained:
    text = NET.format(op=op)
    np.save(tmp_path / "x.npy", X)
    net = NetToRun(text, tmp_path / "n.prototxt", engine=spec)
    look = LookRequest(net, arrays=(("x", tmp_path / "x.npy"),))
    target = ChannelTarget(Value("drop", "y"), 0)
    request = SaliencyRequest(look, target, (Method("gradxinput"),), at=Value("op", "y"))
    return run_job(saliency(request, host))


def check(found: Explained, slope: np.ndarray) -> None:
    np.testing.assert_allclose(found.maps[0].places, slope * X[0, 0], rtol=1e-5, atol=1e-6)
    assert found.at == Value("op", "y")
    assert found.maps[0].of == Value("drop", "y")
    assert found.maps[0].target == ChannelTarget(Value("drop", "y"), 0)
    assert {value.top for value, _ in found.norms} <= {"x", "y", "z"}


@pytest.mark.parametrize(
    "op", CASES, ids=["power", "clip", "relu", "log", "bnll", "lrn", "prod", "sum"]
)
def test_real_caffe_gives_the_true_one_where_its_own_is_wrong_in_place(
    tmp_path: Path, host: EngineHost, caffe: EngineSpec, op: str
) -> None:
    found = explained(tmp_path, host, op, caffe)
    check(found, CASES[op])
    assert len(found.notes) == 1
    assert "real Caffe's own backward gives another gradient" in found.notes[0]
    assert found.notes[0].endswith("by PyTorch.") == ("SUM" in op or "LRN" in op)


def test_a_net_without_such_a_layer_is_run_as_it_is(tmp_path: Path) -> None:
    op = 'type: "ReLU"'
    net = NetToRun(NET.format(op=op), tmp_path / "n.prototxt", engine=EngineSpec("caffe"))
    assert way_back(net).net is net


def test_another_engine_goes_back_for_one_that_does_not(
    tmp_path: Path, host: EngineHost, graph_engine: EngineSpec
) -> None:
    op = 'type: "Power" power_param { power: 2 }'
    found = explained(tmp_path, host, op, graph_engine)
    check(found, CASES[op])
    title = engine_title(graph_engine.name)
    assert found.notes[0] == (
        f"{title} has no way back: this is PyTorch's, of the same net and weights."
    )


def test_another_engine_changes_values_for_one_that_does_not(
    tmp_path: Path, host: EngineHost, graph_engine: EngineSpec
) -> None:
    """Softmax of x / 2 = (1, 0.5), and of (0, 0.5)."""
    stands_in = (
        f"{engine_title(graph_engine.name)} changes no values: before and after are PyTorch's, "
        "same net and weights."
    )
    net = NetToRun(CLASSES, tmp_path / "n.prototxt", engine=graph_engine)
    np.save(tmp_path / "x.npy", np.array([[2.0, 1.0]], np.float32))
    look = LookRequest(net, arrays=(("x", tmp_path / "x.npy"),))
    looker, off = Looker(host), Intervention(Value("half", "y"), "off", (0,))
    effect = run_job(intervene(InterveneRequest(look, (off,)), looker))
    before, after = np.exp([1, 0.5]), np.exp([0, 0.5])
    assert effect.scores is not None
    np.testing.assert_allclose(effect.scores.before, before / before.sum(), rtol=1e-6)
    np.testing.assert_allclose(effect.scores.after, after / after.sum(), rtol=1e-6)
    assert effect.note == stands_in
    ranked = run_job(rank_channels(RankChannelsRequest(look, Value("half", "y")), looker))
    np.testing.assert_allclose(ranked.changes[0], effect.scores.after[0] - effect.scores.before[0])
    assert ranked.note == stands_in
    with looker.passed(look) as engine:
        assert engine.name == graph_engine.name
