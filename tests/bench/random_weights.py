"""A caffemodel of random values of the right size for any net, for timing only."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.weights.writer import write_caffemodel


def write_random_weights(net_path: Path, out: Path, *, seed: int = 0) -> int:
    """Write weights that keep activations at the scale of the input; returns the file's bytes.

    Gaussian with variance 2 / fan-in (He et al., 2015); biases are small and random.
    """
    net = load_net(net_path)
    shapes = infer_shapes(net)
    rng = np.random.default_rng(seed)
    layers = []
    for layer in net.layers:
        arrays = [_random(rng, shape) for shape in shapes.parameters(layer.name)]
        if arrays:
            layers.append((layer.name, layer.type, arrays))
    write_caffemodel(out, net.name, layers)
    return out.stat().st_size


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    scale = math.sqrt(2.0 / math.prod(shape[1:])) if len(shape) > 1 else 0.01
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)
