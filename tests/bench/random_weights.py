"""A caffemodel of random values of the right size for any net, for timing only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.weights.writer import write_caffemodel

Shape = tuple[int, ...]


def write_random_weights(net_path: Path, out: Path, *, seed: int = 0) -> int:
    """Write weights that keep activations at the scale of the input; returns the file's bytes.

    Gaussian with variance 2 / fan-in (He et al., 2015); biases are small and random,
    and BatchNorm's statistics are those of a blob near mean 0 and variance 1.
    """
    net = load_net(net_path)
    shapes = infer_shapes(net)
    rng = np.random.default_rng(seed)
    layers = []
    for layer in net.layers:
        wanted = shapes.parameters(layer.name)
        arrays = _ARRAYS.get(layer.type, _gaussian)(rng, wanted)
        if arrays:
            layers.append((layer.written_name, layer.type, arrays))
    write_caffemodel(out, net.name, layers)
    return out.stat().st_size


def _gaussian(rng: np.random.Generator, shapes: Sequence[Shape]) -> list[np.ndarray]:
    """For layers that multiply by a matrix of weights."""
    scales = [math.sqrt(2.0 / math.prod(s[1:])) if len(s) > 1 else 0.01 for s in shapes]
    return [_normal(rng, shape, 0.0, scale) for shape, scale in zip(shapes, scales, strict=True)]


def _moments(rng: np.random.Generator, shapes: Sequence[Shape]) -> list[np.ndarray]:
    """Mean, variance and factor of a BatchNorm."""
    mean, variance, factor = shapes
    return [
        _normal(rng, mean, 0.0, 0.1),
        rng.uniform(0.5, 1.5, variance).astype(np.float32),
        np.ones(factor, np.float32),
    ]


def _factors(rng: np.random.Generator, shapes: Sequence[Shape]) -> list[np.ndarray]:
    """Factor and bias of a Scale; factors near 0.5 keep sums over many branches in bounds."""
    factor, *bias = shapes
    return [_normal(rng, factor, 0.5, 0.1), *(_normal(rng, shape, 0.0, 0.1) for shape in bias)]


def _normal(rng: np.random.Generator, shape: Shape, mean: float, scale: float) -> np.ndarray:
    values = rng.standard_normal(shape, dtype=np.float32)
    return values * np.float32(scale) + np.float32(mean)


_ARRAYS = {"BatchNorm": _moments, "Scale": _factors}
