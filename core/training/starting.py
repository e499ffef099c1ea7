"""Beginning a training in an engine: what learns, what is left out of it, and its test nets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.engines.process import EngineProcess
from core.engines.training import Training
from core.errors import AppError
from core.layers.loss_weights import loss_weights
from core.layers.multipliers import LearnedArray
from core.layers.shapes import infer_shapes
from core.net.definition import Net
from core.training.data_layers import own_feed
from core.training.feeds import Feed, array_feed
from core.training.frozen import (
    FrozenPart,
    HeadTraining,
    KeptFeed,
    find_frozen_part,
    piece_shapes,
)
from core.training.kept_values import KeptValues
from core.training.run.records import TestNet
from core.training.run.testing import OpenTest
from core.training.snapshots import layer_arrays
from core.training.solver_net import SolverNet, TestSource
from core.weights.writer import write_caffemodel

Key = tuple[str, int]
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Asking:
    """How a training is to begin. kept: the folder for values of the frozen part, or None.

    given: batches for each test net, () where those read their own files.
    """

    process: EngineProcess
    solver: SolverNet
    device: str
    seed: int
    kept: Path | None
    is_whole: bool
    given: Sequence[Arrays] = ()


@dataclass(frozen=True)
class Begun:
    """A training with its feed. n_frozen, why_whole, notes: as in Began."""

    training: Training | HeadTraining
    feed: Feed
    n_frozen: int
    why_whole: str
    tests: tuple[OpenTest, ...]
    scores: tuple[TestNet, ...]
    notes: tuple[str, ...]


def begin(asking: Asking, whole: Training, feed: Feed, sources: Sequence[TestSource]) -> Begun:
    """A training of what learns, fed with what the rest gives; the whole one where that can't be.

    Both begin with the arrays of the whole one, through a file that is gone after.
    """
    solver = asking.solver
    part, why = find_frozen_part(solver.net, solver.shapes, solver.settings)
    if asking.is_whole:
        part, why = None, "it was asked for"
    elif not feed.n_pieces:
        part, why = None, "images are changed by chance in every pass"
    if part is None:
        opened = _open_tests(asking, whole, sources, None, {})
        return Begun(whole, feed, 0, why, *opened)
    arrays = list(zip(whole.arrays, whole.weights(), strict=True))
    whole.close()
    with _as_file(solver, arrays) as weights:
        head = asking.process.train(
            part.head,
            solver.settings,
            weights,
            device=asking.device,
            seed=asking.seed,
            state=solver.net.state,
        )
        head.weights()  # before the file goes
        own = {(array.layer, array.index) for array in head.arrays}
        rest = {(a.layer, a.index): v for a, v in arrays if (a.layer, a.index) not in own}
        fed = _kept_feed(asking, solver, part, feed, weights, rest)
        training = HeadTraining(head, whole.arrays, rest)
        opened = _open_tests(asking, training, sources, weights, rest)
    return Begun(training, fed, part.n_layers, "", *opened)


@contextmanager
def _as_file(
    solver: SolverNet, arrays: Sequence[tuple[LearnedArray, np.ndarray]]
) -> Iterator[Path]:
    with TemporaryDirectory(prefix="blobscope-") as scratch:
        weights = Path(scratch) / "start.caffemodel"
        layers = layer_arrays(solver.shapes, arrays, owners_only=False)
        write_caffemodel(weights, solver.net.name, layers)
        yield weights


def _kept_feed(
    asking: Asking,
    solver: SolverNet,
    part: FrozenPart,
    feed: Feed,
    weights: Path,
    rest: Mapping[Key, np.ndarray],
) -> KeptFeed:
    engine = asking.process.open(
        solver.net.text,
        weights,
        device=asking.device,
        seed=asking.seed,
        state=solver.net.state,
        input_shapes=solver.input_shapes,
    )
    folder = asking.kept
    if folder is not None:
        folder = folder / _digest(solver.net, feed, rest, asking.process)
    kept = KeptValues(folder, feed.n_pieces, piece_shapes(feed, part, solver.shapes))
    return KeptFeed(feed, part, engine, kept)


def _open_tests(
    asking: Asking,
    training: Training | HeadTraining,
    sources: Sequence[TestSource],
    weights: Path | None,
    rest: Mapping[Key, np.ndarray],
) -> tuple[tuple[OpenTest, ...], tuple[TestNet, ...], tuple[str, ...]]:
    """Those that can be tested, what each of all scores, and why others can't be."""
    found: list[OpenTest] = []
    notes, scores = [], []
    for number, source in enumerate(sources):
        scores.append(_scores(source.net))
        given = asking.given[number] if number < len(asking.given) else None
        try:
            feed, shapes = _test_feed(source, given, asking.seed)
            tested = replace(
                asking.solver, net=source.net, folder=source.folder, input_shapes=shapes,
                shapes=infer_shapes(source.net, shapes),
            )  # fmt: skip
            text, feed, shapes = _test_head(asking, tested, feed, weights, rest)
            opened = training.add_test(text, weights, source.net.state, shapes)
        except AppError as error:
            notes.append(f"Test net {number} is left out: {error.sentence}")
            continue
        found.append(OpenTest(number, opened.test, feed, source.n_batches, scores[-1]))
    return tuple(found), tuple(scores), tuple(notes)


def _scores(net: Net) -> TestNet:
    """Which outputs are losses, and which accuracies."""
    outputs = {version.blob: net.layer(version.layer) for version in net.outputs}
    losses = [
        blob for blob, layer in outputs.items() if loss_weights(layer)[layer.tops.index(blob)]
    ]
    accuracies = [blob for blob, layer in outputs.items() if layer.type == "Accuracy"]
    return TestNet(tuple(sorted(losses)), tuple(sorted(accuracies)))


def _test_feed(
    source: TestSource, given: Arrays | None, seed: int
) -> tuple[Feed, Mapping[str, tuple[int, ...]]]:
    if given is None:
        own = own_feed(source.net, source.folder, seed)
        return own, own.shapes
    shapes = infer_shapes(source.net)
    inputs = {
        blob: shapes.top(layer, at)
        for layer in source.net.layers if not layer.bottoms
        for at, blob in enumerate(layer.tops)
    }  # fmt: skip
    return array_feed(given, inputs), {}


def _test_head(
    asking: Asking,
    tested: SolverNet,
    feed: Feed,
    weights: Path | None,
    rest: Mapping[Key, np.ndarray],
) -> tuple[str, Feed, Mapping[str, tuple[int, ...]]]:
    """Text, feed and shapes of what of a test net has to run in each test."""
    whole = tested.net.text, feed, tested.input_shapes
    if weights is None or not feed.n_pieces:
        return whole
    part, _ = find_frozen_part(tested.net, tested.shapes, tested.settings, frozenset(rest))
    if part is None:
        return whole
    return part.head, _kept_feed(asking, tested, part, feed, weights, rest), {}


def _digest(net: Net, feed: Feed, frozen: Mapping[Key, np.ndarray], process: EngineProcess) -> str:
    """What decides on the values of the frozen part."""
    found = hashlib.sha256(net.text.encode())
    found.update(f"{feed.digest} {net.state} {sorted(process.versions().items())}".encode())
    for (layer, index), array in frozen.items():
        found.update(f"{layer} {index} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:32]
