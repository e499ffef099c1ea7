"""Gradients: one pass forward and back, of every value and learned array on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.activations.npz_file import write_npz
from core.attribution.explain import values_on_the_way
from core.attribution.targets import Target
from core.engines.engine import Engine, GradientsFound
from core.engines.host import EngineHost
from core.engines.values import Value
from core.errors import AppError, RequestError
from core.jobs.look import LookRequest, inputs_of
from core.jobs.open import net_of
from core.jobs.score_target import fed_for, objective_of, value_of_target
from core.jobs.way_back import changeable, no_way_back
from core.layers.backward import difference_words
from core.layers.loss_weights import loss_weights
from core.net.definition import Net
from core.npy_file import NotNpyError, read_npy
from core.progress import Job, Progress

_MOST_BYTES = 16 << 30


@dataclass(frozen=True)
class GradientsRequest:
    """A pass, and what is differentiated: the sum of each value of `of` times the array of a file.

    of: (value, .npy file); () for the loss of the net, or for `target`, a score to explain.
    `look.wanted` is not asked for.
    """

    look: LookRequest
    of: tuple[tuple[Value, Path], ...] = ()
    target: Target | None = None


@dataclass(frozen=True, eq=False)
class Gradients:
    """What was found; notes: what stands in for what, and where real Caffe's own are wrong."""

    found: GradientsFound
    notes: tuple[str, ...] = ()


def gradients(request: GradientsRequest, host: EngineHost) -> Job[Gradients]:
    """Gradients of every value and learned array that `of` needs. Raises AppError.

    Of a loss, or of arrays, real Caffe's are its own, wrong ones among them, as whoever trains with
    it gets them.
    """
    yield Progress(0, 1, "forward and back")
    to_run = changeable(request.look.net)
    net, shapes = net_of(to_run)
    with host.opened(to_run) as engine:
        if request.target is None:
            diffs = {value: _diff(path, value) for value, path in request.of}
            targets = tuple(diffs) or losses_of(net)
            inputs = inputs_of(replace(request.look, wanted=targets))
        else:
            of = value_of_target(request.target, net, engine)
            fed = fed_for(request.look, net, shapes, of)
            base = engine.forward(fed.inputs, [of])[of]
            _, objective = objective_of(request.target, request.look, net, engine, fed, base)
            targets, inputs, diffs = (of,), dict(fed.inputs), {of: objective.gradient(base)}
        found = _of_everything(engine, inputs, diffs, targets)
        needed = {layer.name for layer in engine.needed_layers(targets)}
    yield Progress(1, 1, "forward and back")
    layers = [layer for layer in net.layers if layer.name in needed]
    words = difference_words(layers, is_real_caffe=to_run.engine.name == "caffe")
    stands_in = (no_way_back(request.look.net),) if to_run != request.look.net else ()
    return Gradients(found, stands_in + words)


def _of_everything(
    engine: Engine,
    inputs: Mapping[str, np.ndarray],
    diffs: Mapping[Value, np.ndarray],
    targets: tuple[Value, ...],
) -> GradientsFound:
    values = values_on_the_way(engine, targets)
    layers = tuple(dict.fromkeys(layer.name for layer in engine.needed_layers(targets)))
    return engine.gradients(inputs, diffs, values, layers)


def losses_of(net: Net) -> tuple[Value, ...]:
    """What the net would learn to make small. Raises RequestError for a net without a loss."""
    found = tuple(
        Value(layer.name, top)
        for layer in net.layers
        for top, weight in zip(layer.tops, loss_weights(layer), strict=True)
        if weight
    )
    if not found:
        raise RequestError(
            "This net has no loss to take gradients of.",
            hint="Say of which value, and give an array of its shape: --diff TOP=D.npy.",
        )
    return found


def last_value(net: Net, word: str) -> Value:
    """The value a blob has after its last writer. Raises RequestError for an unknown blob."""
    found = [version for version in net.versions if version.blob == word]
    if not found:
        raise RequestError(f"The net has no blob '{word}'.")
    return Value(found[-1].layer, word)


def write_gradients(found: GradientsFound, out: Path) -> tuple[str, ...]:
    """An .npz with grad/LAYER/TOP and param/LAYER/i; the names in it. Raises AppError."""
    arrays = {f"grad/{value.layer}/{value.top}": array for value, array in found.values.items()}
    for (layer, index), array in found.parameters.items():
        arrays[f"param/{layer}/{index}"] = array
    write_npz(out, arrays.items())
    return tuple(arrays)


def _diff(path: Path, value: Value) -> np.ndarray:
    try:
        array = read_npy(path, _MOST_BYTES, what="The array")
    except NotNpyError as error:
        raise AppError(f"Can't read an array from {path}.", details=str(error)) from error
    if array.dtype.kind not in "fiub":
        raise AppError(f"{path.name} holds {array.dtype} values, not numbers, for {value.top}.")
    return np.ascontiguousarray(array, dtype=np.float32)
