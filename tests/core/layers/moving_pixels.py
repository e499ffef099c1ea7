"""Which pixels move a value: found by moving them, one after the other, in a pass of the net."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from core.engines.values import Value
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.weights.writer import LayerArrays, write_caffemodel
from tests.conformance.agreement import run_in_torch

MOVE = 40.0
"""Far beyond the pixels' own values, so that a maximum follows it."""


def positive_weights(text: str, seed: int) -> list[LayerArrays]:
    """Weights above 0 in every layer that learns: nothing cancels and no ReLU is at rest."""
    net, chance = read_net(text), np.random.default_rng(seed)
    shapes = infer_shapes(net)
    rows: list[LayerArrays] = []
    for layer in net.layers:
        arrays = []
        for shape in shapes.parameters(layer):
            n_terms = max(1, int(np.prod(shape[1:])))
            arrays.append((chance.uniform(0.5, 1.5, shape) / n_terms).astype(np.float32))
        if arrays:
            rows.append((layer.name, layer.type, arrays))
    return rows


def moved_by_pixels(text: str, seed: int) -> dict[Value, np.ndarray]:
    """For each value of one image, which pixels move it: (values, height, width) of the input.

    The net has one input of one image; each pixel is moved in all its channels. Any of a window
    may be its maximum, but few are here: so averages over the same windows, and sums for the
    maxima of Eltwise, are asked, too.
    """
    as_written = _moved(text, seed)
    added = text.replace("pool: MAX kernel_size", "pool: AVE kernel_size")
    averaged = _moved(added.replace("operation: MAX", "operation: SUM"), seed)
    return {value: pixels | averaged[value] for value, pixels in as_written.items()}


def _moved(text: str, seed: int) -> dict[Value, np.ndarray]:
    net = read_net(text)
    (blob,) = net.inputs
    shape = infer_shapes(net).top(net.layers[0]) or ()
    chance = np.random.default_rng(seed)
    start = chance.uniform(0.5, 1.5, shape).astype(np.float32)
    height, width = shape[2:]
    images = np.repeat(start, height * width + 1, axis=0)
    for number in range(height * width):
        y, x = divmod(number, width)
        images[number + 1, :, y, x] += MOVE * chance.uniform(0.8, 1.2, shape[1])
    wanted = [Value(v.layer, v.blob) for v in net.versions if v.layer != net.layers[0].name]
    found = _passed(text, positive_weights(text, seed), {blob: images}, wanted)
    moved = {}
    for value, array in zip(wanted, found, strict=True):
        flat = array.reshape(len(images), -1).astype(np.float64)
        change = np.abs(flat[1:] - flat[0]) > 1e-6 * np.abs(flat).max(axis=0)
        moved[value] = change.T.reshape(-1, height, width)
    return moved


def pass_of(text: str, layer: str, pictures: np.ndarray) -> np.ndarray:
    """What a layer gives for pictures (n, channels, height, width), without any bias."""
    net = read_net(text)
    rows = [
        (name, type_, [array if i == 0 else np.zeros_like(array) for i, array in enumerate(arrays)])
        for name, type_, arrays in positive_weights(text, 0)
    ]
    wanted = [Value(layer, net.layer(layer).tops[0])]
    return _passed(text, rows, {net.inputs[0]: pictures}, wanted)[0]


def _passed(
    text: str, weights: list[LayerArrays], inputs: dict[str, np.ndarray], wanted: list[Value]
) -> list[np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.caffemodel" if weights else None
        if path:
            write_caffemodel(path, "net", weights)
        return run_in_torch(text, path, inputs, wanted)
