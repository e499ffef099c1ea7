"""Descriptors are the same through real Caffe and through torch, at every layer and representation.

A cosine of 0.9999 is far below what is seen: 0.999999998 at the least of 1,358 of SqueezeNet's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess
from core.engines.engine import Engine
from core.engines.values import Value
from core.jobs.values import every_value
from core.layers.shapes import infer_shapes
from core.measures.measure import POOLINGS, Pool, parse_poolings
from core.net.definition import Net
from core.net.reader import read_net
from core.representations.after import parse_after, unit_length
from core.representations.encoding import PartSample, parse_encoding
from core.representations.pca import fit_pca
from core.retrieval.refining import RefiningEngine
from core.surveys.feed import plan_feed, top_shape
from core.weights.fillers import random_weights
from core.weights.writer import write_caffemodel

LEAST_COSINE = 0.9999
Both = tuple[Engine, Engine]


def least_cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Of rows in pairs; two rows of zeros are the same."""
    pair = unit_length(one.astype(np.float64)), unit_length(other.astype(np.float64))
    is_nothing = ~pair[0].any(axis=1) & ~pair[1].any(axis=1)
    return float(np.where(is_nothing, 1.0, np.vecdot(*pair)).min())


def wanted_of(
    net: Net, pools: tuple[Pool, ...], pictures: np.ndarray
) -> dict[Value, tuple[Pool, ...]]:
    """Every value but the input under every pooling that it can have."""
    shapes = infer_shapes(net, {"data": pictures.shape})
    wants = {}
    for value in every_value(net):
        shape = top_shape(net, shapes, value)
        if shape is None or not net.layer(value.layer).bottoms:
            continue
        fitted = dict.fromkeys(pool.fitting(shape) for pool in pools)
        wants[value] = tuple(one for one in fitted if one.method == "flatten" or len(shape) == 4)
    return wants


def check_both(both: Both, wants: Mapping[Value, tuple[Pool, ...]], pictures: np.ndarray) -> int:
    """How many representations were held against each other."""
    found = [engine.measure({"data": pictures}, wants) for engine in both]
    cosines = {key: least_cosine(rows, found[1][key]) for key, rows in found[0].items()}
    worst = min(cosines, key=lambda key: cosines[key])
    assert cosines[worst] > LEAST_COSINE, (worst, cosines[worst])
    return len(cosines)


@pytest.fixture(scope="module")
def small(
    small_net: str,
    torch_process: EngineProcess,
    caffe_process: EngineProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Net, Both]:
    """The small net with its in-place layers, on random weights, in both engines."""
    net = read_net(small_net)
    arrays = random_weights(net, infer_shapes(net), 3)
    layers = [(name, net.layer(name).type, values) for name, values in arrays.items()]
    weights = tmp_path_factory.mktemp("small") / "small.caffemodel"
    write_caffemodel(weights, "small", layers)
    return net, (torch_process.open(small_net, weights), caffe_process.open(small_net, weights))


def pictures(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-120, 130, (n, 3, 12, 10)).astype(np.float32)


def test_every_value_and_pooling_of_a_net_with_in_place_layers(small: tuple[Net, Both]) -> None:
    net, both = small
    pools = tuple(Pool(method, relu=relu) for method in POOLINGS for relu in (False, True))
    given = pictures(3, 1)
    assert check_both(both, wanted_of(net, pools, given), given) == 3 * len(pools) + 5 * 2


@pytest.mark.parametrize("word", ["white:4", "vlad:4x3"])
def test_encoded_parts_and_what_follows(small: tuple[Net, Both], word: str) -> None:
    net, both = small
    relu1 = Value("relu1", "conv1")
    encoding = parse_encoding(word)
    pool = Pool(encoding.parts)
    to_fit = both[0].measure({"data": pictures(30, 2)}, {relu1: (pool,)})[relu1, pool]
    sample = PartSample(encoding, "noise", n_expected=30)
    sample.add(to_fit, 6)
    encoder = sample.fit()
    feed = plan_feed(net, infer_shapes(net), [relu1])
    after = parse_after("power+white:3")[0]
    fit = fit_pca([after.prepared(encoder.encode(to_fit))], "noise")
    wants, given = {relu1: (pool,)}, {"data": pictures(3, 1)}
    for scales in ((1.0,), (1.0, 0.8)):
        rows = [
            RefiningEngine(engine, feed, scales, encoder).measure(given, wants)[relu1, pool]
            for engine in both
        ]
        assert least_cosine(*rows) > LEAST_COSINE
        assert least_cosine(*(after.apply(one, fit) for one in rows)) > LEAST_COSINE


def test_every_value_of_squeezenet(
    torch_process: EngineProcess, caffe_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    text = material("models/squeezenet_v1.0.prototxt").read_text()
    weights = material("models/squeezenet_v1.0.caffemodel")
    both = torch_process.open(text, weights), caffe_process.open(text, weights)
    picture = np.random.default_rng(4).uniform(-110, 140, (1, 3, 12, 12)).astype(np.float32)
    given = np.ascontiguousarray(picture.repeat(19, axis=2).repeat(19, axis=3)[:, :, :227, :227])
    pools = parse_poolings("gap,mac,gem,spoc,crow,rmac,mac+rmac")
    net = read_net(text)
    assert check_both(both, wanted_of(net, pools, given), given) > 400
