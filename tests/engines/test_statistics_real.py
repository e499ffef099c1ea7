"""Statistics of nets with real weights, against NumPy on the blobs that real Caffe holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.activations.spreads import even_edges
from core.engines.base import EngineProcess
from core.engines.values import Value
from core.jobs.open import OpenRequest, open_model
from core.jobs.values import every_value
from core.measures.measure import Histogram
from core.surveys.statistics import StatisticsCollector

NETS = {
    "squeezenet": ("models/squeezenet_v1.0.prototxt", "models/squeezenet_v1.0.caffemodel"),
    "lenet": ("models/lenet_mnist.prototxt", "models/lenet_mnist.caffemodel"),
    "det3": ("models/mtcnn_det3.prototxt", "models/mtcnn_det3.caffemodel"),
}


def fed(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Smooth pictures in the range that the net was trained with."""
    rng = np.random.default_rng(4)
    steps = rng.normal(size=(1, *shape[1:])).cumsum(2).cumsum(3)
    smooth = steps / np.abs(steps).max()
    found = smooth * 100 if name == "squeezenet" else smooth * 0.5 + 0.5
    return found.astype(np.float32)


@pytest.mark.parametrize("name", NETS)
def test_statistics_are_those_of_real_caffe(
    name: str,
    material: Callable[[str], Path],
    caffe_process: EngineProcess,
    torch_process: EngineProcess,
) -> None:
    prototxt, weights = (material(one) for one in NETS[name])
    opened = open_model(OpenRequest(prototxt, weights))
    values = [v for v in every_value(opened.net) if opened.net.layer(v.layer).bottoms]
    caffe = caffe_process.open(opened.to_run.text, weights)
    ((blob, shape),) = caffe.inputs.items()
    assert shape is not None
    inputs = {blob: fed(name, shape)}
    blobs = caffe.forward(inputs, values)
    torch = torch_process.open(opened.to_run.text, weights)
    for engine in (caffe, torch):
        collector = StatisticsCollector(values)
        collector.take((), engine.measure(inputs, collector.wants))
        for value in values:
            _check(blobs[value], collector, value, is_same=engine is caffe)
    _check_given_edges(values, blobs, caffe.measure, inputs)


def _check(
    array: np.ndarray, collector: StatisticsCollector, value: Value, *, is_same: bool
) -> None:
    """is_same: measured of these very bits; else of another engine's, near to 1e-5 of the scale."""
    exact, spread = array.astype(np.float64), collector.spreads[value]
    scale = float(np.abs(exact).max())
    wanted = [exact.min(), exact.max(), exact.mean(), exact.std(), float(np.linalg.norm(exact))]
    found = [spread.minimum, spread.maximum, spread.mean, spread.std, spread.l2]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * scale, err_msg=value.layer)
    edges = even_edges(spread.minimum, spread.maximum, 64)
    drawn = spread.histogram(edges)
    counts = np.histogram(exact[exact != 0], edges)[0]
    near = 0.0 if is_same else 2e-5 * scale
    at = np.searchsorted(np.sort(exact.ravel()), [edges - near, edges + near])
    on_an_edge = at[1] - at[0]
    if is_same:
        np.testing.assert_array_equal(drawn.counts, counts, err_msg=value.layer)
        assert drawn.n_zeros == int((array == 0).sum())
        assert spread.dead == tuple(
            np.flatnonzero(~array.reshape(len(array), array.shape[1], -1).any((0, 2)))
        )
    else:
        allowed = on_an_edge[:-1] + on_an_edge[1:]
        assert (np.abs(drawn.counts - counts) <= allowed).all(), value.layer


def _check_given_edges(values, blobs, measure, inputs) -> None:
    """Any edges at all, counted in the pass, are np.histogram's."""
    wants, edges = {}, {}
    for value in values:
        low, high = float(blobs[value].min()), float(blobs[value].max())
        edges[value] = tuple(np.linspace(low, max(high, low + 1e-3), 41).tolist())
        wants[value] = (Histogram(edges[value]),)
    for (value, _), counts in measure(inputs, wants).items():
        exact = blobs[value].astype(np.float64)
        np.testing.assert_array_equal(counts, np.histogram(exact, edges[value])[0])
