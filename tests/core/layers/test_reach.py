"""What each layer type says it reads, against passes in which everything else is another value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from core.engines.values import Value
from core.errors import AppError, NetError
from core.layers.reach import Piece
from core.layers.receptive_field import BackTrace
from core.layers.registry import all_types
from core.layers.shapes import infer_shapes
from core.layers.spans import one_place
from core.net.reader import read_net
from tests.conformance.agreement import run_in_torch
from tests.conformance.fork_cases import all_cases
from tests.conformance.goldens import FAMILIES, read_goldens
from tests.conformance.seeded_values import make_values
from tests.core.layers.test_rows import Batch, more_batches

MOST_OF_A_TYPE = 3
NOT_TRIED = """
AnnotatedData BatchReindex Data DenseImageData DetectionEvaluate DetectionOutput DummyData Filter
HDF5Data HDF5Output ImageData Input MemoryData MultiBoxLoss Parameter Python RPNProposal Silence
SmoothL1LossOHEM TripletLoss VideoData WindowData YoloDetectionOutput Yolov3DetectionOutput
""".split()
"""They read no bottom, write no top, or no case of theirs has sizes before a pass."""
Mask = np.ndarray


def batches() -> Iterator[Batch]:
    """Every case that real Caffe runs, and those of the layers of other branches."""
    for family in FAMILIES:
        for case, answer in read_goldens(family):
            if not answer.error and not case.is_undefined and case.inputs:
                inputs = {
                    x.blob: make_values(f"{case.name}/{x.blob}", x.shape, x.kind)
                    for x in case.inputs
                }
                yield Batch(case.name, case.type, case.prototxt, inputs)
    for one in all_cases():
        yield Batch(f"{one.type}/{one.name}", one.type, one.prototxt, dict(one.inputs))
    yield from more_batches()


def reached(batch: Batch, value: Value, place: tuple[int, ...]) -> dict[str, Mask]:
    """By input blob, which of its values can move this one, as the layers declare it."""
    net = read_net(batch.text)
    shapes = infer_shapes(net, {blob: array.shape for blob, array in batch.inputs.items()})
    layer = net.layer(value.layer)
    number = net.versions.index(net.written(layer)[layer.tops.index(value.top)])
    shape = shapes.top(layer, layer.tops.index(value.top)) or ()
    if len(shape) != len(place) or any(i >= size for i, size in zip(place, shape, strict=True)):
        raise NetError("A pass gives another size than the prototxt tells.")
    spans = tuple(one_place(size, place[axis], axis) for axis, size in enumerate(shape))
    found = {blob: np.zeros(array.shape, bool) for blob, array in batch.inputs.items()}
    for source, pieces in BackTrace(net, shapes).sources(number, Piece(spans)).items():
        for piece in pieces if net.versions[source].blob in found else ():
            mask = np.ones((), bool)
            for span in piece.spans:
                mask = np.multiply.outer(mask, span.mask)
            found[net.versions[source].blob] |= mask
    return found


def others(batch: Batch, mask: dict[str, Mask]) -> dict[str, np.ndarray]:
    """The inputs, with values that are not set in the mask taken from another of their places."""
    chance = np.random.default_rng(7)
    found = {}
    for blob, array in batch.inputs.items():
        mixed = array.reshape(-1)[chance.permutation(array.size)].reshape(array.shape)
        found[blob] = np.where(mask[blob], array, mixed)
    return found


def test_a_value_keeps_when_all_that_it_does_not_read_changes() -> None:
    tried: Counter[str] = Counter()
    wrong = []
    for batch in batches():
        if tried[batch.type] >= MOST_OF_A_TYPE:
            continue
        net = read_net(batch.text)
        values = [Value(v.layer, v.blob) for v in net.versions if v.layer not in batch.inputs]
        try:
            before = run_in_torch(batch.text, None, batch.inputs, values)
        except AppError:  # a value that no pass gives
            continue
        for value, array in zip(values, before, strict=True):
            if array.size == 0 or net.layer(value.layer).type in NOT_TRIED:
                continue
            place = tuple(map(int, np.unravel_index(array.size // 2, array.shape)))
            try:
                changed = others(batch, reached(batch, value, place))
            except NetError:  # behind a layer whose size only a pass tells
                continue
            after = run_in_torch(batch.text, None, changed, [value])
            if not np.allclose(after[0][place], array[place], rtol=1e-5, equal_nan=True):
                wrong.append(f"{batch.name}: {value} at {place}")
            tried[net.layer(value.layer).type] += 1
    assert not wrong, "\n".join(wrong)
    assert {row.type for row in all_types()} - set(tried) == set(NOT_TRIED)
