"""The arrays that Caffe is given one by one, beside those that it reads from the file itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from core.engines.caffe.link import Link
from core.engines.caffe.numbering import Numbering
from core.layers.shapes import NetShapes
from core.weights.binding import Binding
from core.weights.contents import Weights
from core.weights.fillers import filler_array, random_array
from core.weights.placing import ArrayKey, array_key, check_fit, place_arrays

PlacedArray = tuple[ArrayKey, np.ndarray]


def fill_everything(shapes: NetShapes, seed: int) -> Iterator[PlacedArray]:
    """What a net without weights gets in our own engine, each array at the layer that holds it."""
    rows = shapes.layers
    owned = (array_key(shapes, row, i) for row in rows for i in range(len(row.owners)))
    for owner, at in dict.fromkeys(owned):
        yield (owner, at), random_array(rows[owner], at, seed)


def fill_gaps(shapes: NetShapes, binding: Binding, seed: int) -> Iterator[PlacedArray]:
    """What the weights lack: array by array, or a layer that borrows one would overwrite it."""
    for owner, at in binding.left_to_fillers:
        yield (owner, at), filler_array(shapes.layers[owner], at, seed)


def fill_from_file(shapes: NetShapes, weights: Weights) -> Iterator[PlacedArray]:
    """Every array of a file that Caffe can't read; WeightsError for one that does not fit."""
    placed = place_arrays(shapes, weights)
    check_fit(placed.wrong)
    for key, blob in placed.by_key.items():
        yield key, np.asarray(blob.array(), np.float32)
    for layer, blobs in placed.unshaped.items():
        for at, blob in enumerate(blobs):
            yield (layer, at), np.asarray(blob.array(), np.float32)


def fill(link: Link, net: int, built: Numbering, arrays: Iterable[PlacedArray]) -> None:
    """Give Caffe arrays where it has parameters of that size; net: its number."""
    for (owner, at), array in arrays:
        wanted = built.parameters.get(owner, ())
        if at < len(wanted) and math.prod(wanted[at]) == array.size:
            layer = built.layers[owner]
            link.ask({"op": "fill", "net": net, "layer": layer, "indices": [at]}, [array])
