"""The part of a net that does not learn: computed once for each image, kept, and left out after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.engines.engine import Engine
from core.engines.training import Training
from core.engines.values import Value
from core.engines.wiring import Step, wire_net
from core.layers.loss_weights import loss_weights
from core.layers.multipliers import LearnedArray, frozen_uses
from core.layers.rows import mixing_layer
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.net.solver_settings import SolverSettings
from core.training.feeds import Batch, Feed
from core.training.kept_values import KeptValues

_AT_ONCE = 4
"""Images that are computed together, always the same ones, so that the bits of their values do not
depend on when they are first met: a run that goes on has those of one that did not stop."""

_KEEP_NO_HISTORY = ("SGD", "Nesterov")
"""Solvers in whose history an array that does not move stays 0."""


@dataclass(frozen=True)
class FrozenPart:
    """What of a net need not run again.

    values: what the rest reads of it, by the blob that the rest knows it as; inputs of the net that
    the rest reads are among them. head: the text of the rest, with these blobs as inputs. n_layers:
    how many layers are left out.
    """

    values: Mapping[str, Value]
    head: str
    n_layers: int


def find_frozen_part(
    net: Net,
    shapes: NetShapes,
    settings: SolverSettings,
    still: frozenset[tuple[str, int]] | None = None,
) -> tuple[FrozenPart | None, str]:
    """The part that can be computed ahead, or None and why there is none.

    Layers belong to it whose arrays have lr_mult 0, that treat each image alone and draw nothing at
    random, and whose bottoms are of it too. still: the arrays that do not move, where another net
    than this one says so.
    """
    if settings.type not in _KEEP_NO_HISTORY:
        return None, f"{settings.type} remembers something of arrays that do not learn, too"
    if net.root.boolean("force_backward"):
        return None, "force_backward asks for gradients of every layer"
    wiring = wire_net(net)
    known: set[int] = set()
    frozen: list[Step] = []
    still = frozen_uses(shapes) if still is None else still
    for step in wiring.steps:
        if step.is_data:
            known.update(step.tops)
        elif known.issuperset(step.bottoms) and _stays(step, net, shapes, still):
            frozen.append(step)
            known.update(step.tops)
    if not any(shapes.of(step.layer).parameters for step in frozen):
        return None, "the first layer that learns comes before any that does not"
    rest = [step for step in wiring.steps if not step.is_data and step not in frozen]
    read = {slot for step in rest for slot in step.bottoms} & known
    names = {slot: value for value, slot in wiring.slots.items()}
    values = {names[slot].top: names[slot] for slot in sorted(read)}
    if len(values) < len(read):
        return None, "two versions of one blob are read by layers that learn"
    tops = {value.top: shapes.top(value.layer, _index(net, value)) for value in values.values()}
    if any(shape is None for shape in tops.values()):
        return None, "what it would keep has no size that is known beforehand"
    return FrozenPart(values, _head_text(net, rest, tops), len(frozen)), ""


def _stays(step: Step, net: Net, shapes: NetShapes, still: frozenset[tuple[str, int]]) -> bool:
    row = shapes.of(step.layer)
    uses = {(step.layer.name, index) for index in range(len(row.parameters))}
    learns = bool(uses - still)
    return (
        not learns
        and row.is_complete
        and not any(loss_weights(step.layer))
        and mixing_layer(net, shapes, [step.layer]) is None
    )


def _index(net: Net, value: Value) -> int:
    return net.layer(value.layer).tops.index(value.top)


def _head_text(net: Net, rest: Sequence[Step], inputs: Mapping[str, tuple[int, ...] | None]) -> str:
    """Legacy inputs, which both dialects take, then the layers as they were written."""
    lines = [f'name: "{net.name}"'] if net.name else []
    for blob, shape in inputs.items():
        dims = " ".join(f"dim: {size}" for size in shape or ())
        lines.append(f'input: "{blob}" input_shape {{ {dims} }}')
    for step in rest:
        span = step.layer.span
        if span is not None:
            lines.append(net.text[span.start : span.end])
    return "\n".join(lines) + "\n"


class KeptFeed:
    """Feeds the rest of a net with values of the frozen part, each computed when first met."""

    def __init__(self, feed: Feed, part: FrozenPart, engine: Engine, kept: KeptValues) -> None:
        self._feed, self._part = feed, part
        self._engine, self._kept = engine, kept

    def batch(self, number: int) -> Batch:
        """By input blob of the rest."""
        pieces = self._feed.pieces(number)
        for piece in pieces:
            if not self._kept.has(piece):
                self._compute(piece)
        found = [self._kept.get(piece) for piece in pieces]
        return {blob: np.concatenate([one[blob] for one in found]) for blob in self._part.values}

    def fill(self) -> Iterator[tuple[int, int]]:
        """Compute whatever is not there yet; yields how many images are, of how many."""
        for piece in range(self.n_pieces):
            if not self._kept.has(piece):
                self._compute(piece)
                yield self._kept.n_kept, self.n_pieces

    def pieces(self, number: int) -> Sequence[int]:
        """As those of the feed below."""
        return self._feed.pieces(number)

    def piece(self, index: int) -> Batch:
        """By input blob of the rest."""
        if not self._kept.has(index):
            self._compute(index)
        return self._kept.get(index)

    @property
    def n_pieces(self) -> int:
        """As of the feed below."""
        return self._feed.n_pieces

    @property
    def n_rows(self) -> int:
        """As of the feed below."""
        return self._feed.n_rows

    @property
    def n_images(self) -> int:
        """As of the feed below."""
        return self._feed.n_images

    @property
    def digest(self) -> str:
        """As of the feed below."""
        return self._feed.digest

    def _compute(self, piece: int) -> None:
        """A piece with its neighbours: the layers treat each image alone."""
        given = [self._feed.piece(piece)]
        n_rows = len(given[0][next(iter(given[0]))])
        n_pieces = max(1, _AT_ONCE // n_rows)
        first = piece - piece % n_pieces
        group = range(first, min(first + n_pieces, self.n_pieces))
        given = [given[0] if index == piece else self._feed.piece(index) for index in group]
        together = {blob: np.concatenate([one[blob] for one in given]) for blob in given[0]}
        wanted = {blob: value for blob, value in self._part.values.items() if blob not in together}
        needed = self._engine.needed_inputs(list(wanted.values()))
        inputs = {blob: together[blob] for blob in needed}
        passed = self._engine.forward(inputs, list(wanted.values())) if wanted else {}
        found = {
            blob: together[blob] if blob in together else passed[value]
            for blob, value in self._part.values.items()
        }
        for at, index in enumerate(group):
            rows = slice(at * n_rows, (at + 1) * n_rows)
            self._kept.put(index, {blob: array[rows] for blob, array in found.items()})


class HeadTraining:
    """A training of the rest of a net that answers for the whole of it.

    frozen: arrays of the part that is left out, by (layer, index).
    """

    def __init__(
        self,
        head: Training,
        arrays: Sequence[LearnedArray],
        frozen: Mapping[tuple[str, int], np.ndarray],
    ) -> None:
        self._head, self._frozen = head, frozen
        self.arrays = tuple(arrays)
        self.inputs = head.inputs
        self.filler_layers = head.filler_layers
        own = {(array.layer, array.index): i for i, array in enumerate(head.arrays)}
        self._places = [own.get((array.layer, array.index)) for array in self.arrays]
        self.iterate, self.peaks = head.iterate, head.peaks
        self.add_test, self.test = head.add_test, head.test

    def weights(self) -> list[np.ndarray]:
        """Every learned array in the order of `arrays`."""
        return self._whole(self._head.weights(), self._frozen_array)

    def history(self) -> list[np.ndarray]:
        """As that of the whole net: 0 for what does not learn."""
        return self._whole(self._head.history(), self._zeros)

    def first_gradients(self) -> list[np.ndarray]:
        """Of iteration 0, 0 for what does not learn; [] later."""
        found = self._head.first_gradients()
        return self._whole(found, self._zeros) if found else []

    def first_updates(self) -> list[np.ndarray]:
        """What iteration 0 subtracted; [] later."""
        found = self._head.first_updates()
        return self._whole(found, self._zeros) if found else []

    def restore(self, iteration: int, step: int, history: Sequence[np.ndarray]) -> None:
        """Go on from a state of the whole net."""
        own = [h for h, place in zip(history, self._places, strict=False) if place is not None]
        self._head.restore(iteration, step, own)

    def close(self) -> None:
        """Let the child forget this net."""
        self._head.close()

    def _whole(
        self, own: Sequence[np.ndarray], other: Callable[[LearnedArray], np.ndarray]
    ) -> list[np.ndarray]:
        return [
            other(array) if place is None else own[place]
            for array, place in zip(self.arrays, self._places, strict=True)
        ]

    def _frozen_array(self, array: LearnedArray) -> np.ndarray:
        return self._frozen[array.layer, array.index]

    def _zeros(self, array: LearnedArray) -> np.ndarray:
        return np.zeros(array.shape, np.float32)


def piece_shapes(feed: Feed, part: FrozenPart, shapes: NetShapes) -> dict[str, tuple[int, ...]]:
    """The shape of each kept array, by blob: a batch's, with as many rows as a piece has."""
    first = feed.piece(feed.pieces(0)[0])
    n_rows = len(next(iter(first.values())))
    found = {}
    for blob, value in part.values.items():
        layer = shapes.of(value.layer).layer
        whole = shapes.top(layer, layer.tops.index(value.top))
        found[blob] = first[blob].shape if blob in first else (n_rows, *(whole or ())[1:])
    return found
