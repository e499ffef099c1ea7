"""Fine-tuning: a solver's net learns from batches, by Caffe's rules, and can go on later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.activations.npz_file import write_npz
from core.engines.host import TORCH
from core.engines.operations import Iterated
from core.engines.process import EngineProcess
from core.engines.registry import start_engine
from core.engines.training import Training
from core.engines.values import EngineSpec
from core.errors import NetError, RequestError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net, NetState
from core.net.parser import parse
from core.net.reader import read_net
from core.net.solver import open_prototxt
from core.net.solver_settings import SolverSettings, read_settings
from core.net.text import read_prototxt
from core.npy_file import read_npz
from core.progress import Job
from core.training.data_layers import own_feed
from core.training.feeds import Feed, array_feed
from core.training.frozen import HeadTraining, KeptFeed, find_frozen_part, piece_shapes
from core.training.kept_values import KeptValues
from core.training.loop import Trained, train
from core.training.snapshots import (
    Snapshot,
    layer_arrays,
    snapshot_paths,
    weights_beside,
    write_snapshot,
)
from core.weights.solver_state import SolverState, read_solver_state
from core.weights.writer import write_caffemodel
from core.words import plural

_MOST_BYTES = 16 << 30


@dataclass(frozen=True)
class FinetuneRequest:
    """A solver file, and what its net begins with and learns from.

    weights: copied by layer name; None takes the solver's own field, or fillers. batches: an .npz
    of BLOB -> (n_batches, *shape); None where the data layers of the net read their own files.
    at: after which iterations the arrays are kept. resume: a .solverstate, whose weights lie beside
    it. until: None for the last of `at`, or the solver's max_iter. snapshots: the folder for them,
    None for none. kept: where values of layers that do not learn are kept between runs, None keeps
    them in memory; is_whole: nothing is kept, every layer runs in every pass.
    """

    solver: Path
    batches: Path | None = None
    weights: Path | None = None
    at: tuple[int, ...] = ()
    resume: Path | None = None
    until: int | None = None
    snapshots: Path | None = None
    device: str = "cpu"
    seed: int = 0
    engine: EngineSpec = TORCH
    kept: Path | None = None
    is_whole: bool = False


@dataclass
class Finetuned:
    """What a fine-tuning gave.

    kept: by iteration, the learned arrays and what the solver remembers. gradients, updates: of
    iteration 0, where it was run. n_frozen: how many layers were computed once for each image;
    why_whole: why none was.
    """

    names: tuple[tuple[str, int], ...]
    trained: Trained = field(default_factory=lambda: Trained(0, ()))
    kept: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = field(default_factory=dict)
    gradients: list[np.ndarray] = field(default_factory=list)
    updates: list[np.ndarray] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    n_frozen: int = 0
    why_whole: str = ""


@dataclass(frozen=True)
class _Solver:
    """A solver and the net it trains."""

    path: Path
    settings: SolverSettings
    net: Net
    shapes: NetShapes
    folder: Path
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def fed(self, shapes: Mapping[str, tuple[int, ...]]) -> _Solver:
        """The same, with inputs of shapes that the file of the net does not tell."""
        known = infer_shapes(self.net, shapes)
        return replace(self, shapes=known, input_shapes=shapes)

    @property
    def stem(self) -> str:
        """Of snapshots: the last part of the prefix, or the solver's own name."""
        prefix = self.settings.snapshot_prefix.replace("\\", "/")
        return prefix.rpartition("/")[2] or self.path.stem


def finetune(request: FinetuneRequest) -> Job[Finetuned]:
    """Train and keep what was asked for. Raises AppError."""
    solver = _read_solver(request.solver)
    state = None if request.resume is None else read_solver_state(request.resume)
    first = 0 if state is None else state.iteration
    last = request.until or max((*request.at, 0)) or solver.settings.max_iter
    if last <= first:
        raise RequestError(
            f"There is nothing to do: {first} iterations are done, and it goes up to {last}.",
            hint="Set max_iter in the solver, or name more iterations.",
        )
    given = None if request.batches is None else read_npz(request.batches, _MOST_BYTES)
    own = None if given is not None else own_feed(solver.net, solver.folder, request.seed)
    solver = solver if own is None else solver.fed(own.shapes)
    with start_engine(request.engine) as process:
        whole = _start(process, request, solver, state)
        every: Feed = own or array_feed(given or {}, whole.inputs)
        found = Finetuned(tuple((array.layer, array.index) for array in whole.arrays))
        training, feed = _without_frozen(process, request, solver, whole, every, found)
        if state is not None:
            training.restore(state.iteration, state.step, state.history)
        keeper = _Keeper(request, solver, training, found, last)
        found.trained = yield from train(
            training, solver.settings, feed, (first, last), (keeper.after,)
        )
        return found


def write_results(found: Finetuned, out: Path) -> None:
    """The .npz that the goldens of real Caffe have the form of. Raises AppError."""
    write_npz(out, _results(found).items())


def _results(found: Finetuned) -> dict[str, np.ndarray]:
    iterations = found.trained.iterations
    arrays = {
        "loss": np.array([one.loss for one in iterations]),
        "lr": np.array([one.rate for one in iterations]),
        "loss_sub": np.array([[p.loss for p in one.passes] for one in iterations]).reshape(-1),
    }
    for blob in iterations[0].passes[0].outputs if iterations else ():
        values = [one.outputs[blob] for iterated in iterations for one in iterated.passes]
        arrays[f"out/{blob}"] = np.array(values)
    for kind, listed in (("g1", found.gradients), ("u1", found.updates)):
        arrays.update(_named(kind, found, listed))
    for iteration, (weights, history) in found.kept.items():
        arrays.update(_named(f"w{iteration}", found, weights))
        arrays.update({f"h{iteration}/{j}": array for j, array in enumerate(history)})
    return arrays


def _named(kind: str, found: Finetuned, listed: list[np.ndarray]) -> Mapping[str, np.ndarray]:
    names = found.names if listed else ()
    return {f"{kind}/{layer}/{i}": a for (layer, i), a in zip(names, listed, strict=bool(listed))}


class _Keeper:
    """Takes arrays and snapshots out of a training when it is time."""

    def __init__(
        self,
        request: FinetuneRequest,
        solver: _Solver,
        training: Training | HeadTraining,
        found: Finetuned,
        last: int,
    ) -> None:
        self._request, self._solver = request, solver
        self._training, self._found = training, found
        self._last = last

    def after(self, iterated: Iterated) -> None:
        """After each iteration."""
        number = iterated.iteration
        if number == 1:
            self._found.gradients = self._training.first_gradients()
            self._found.updates = self._training.first_updates()
        if number in self._request.at:
            self._found.kept[number] = (self._training.weights(), self._training.history())
        every = self._solver.settings.snapshot
        is_due = bool(every) and number % every == 0
        is_end = number == self._last and self._solver.settings.snapshot_after_train
        if self._request.snapshots is not None and (is_due or is_end):
            self._snapshot(self._request.snapshots, iterated)

    def _snapshot(self, folder: Path, iterated: Iterated) -> None:
        solver = self._solver
        paths = snapshot_paths(
            folder, solver.stem, iterated.iteration, solver.settings.snapshot_format
        )
        learned = list(zip(self._training.arrays, self._training.weights(), strict=True))
        state = (iterated.iteration, iterated.step, self._training.history())
        write_snapshot(paths, solver.net, solver.shapes, learned, state)
        self._found.snapshots.append(paths)


def _read_solver(path: Path) -> _Solver:
    settings = read_settings(parse(read_prototxt(path)))
    opened = open_prototxt(path, NetState("TRAIN"))
    if opened.solver is None:
        raise NetError(f"{path.name} is no solver: it names no net.")
    net = read_net(opened.text, state=opened.state)
    return _Solver(path, settings, net, infer_shapes(net), opened.path.parent)


def _start(
    process: EngineProcess,
    request: FinetuneRequest,
    solver: _Solver,
    state: SolverState | None,
) -> Training:
    weights = request.weights or _own_weights(solver)
    if state is not None and request.resume is not None:
        weights = weights_beside(request.resume, state.weights)
    return process.train(
        solver.net.text,
        solver.settings,
        weights,
        device=request.device,
        seed=request.seed,
        state=solver.net.state,
        input_shapes=solver.input_shapes,
    )


def _without_frozen(
    process: EngineProcess,
    request: FinetuneRequest,
    solver: _Solver,
    whole: Training,
    feed: Feed,
    found: Finetuned,
) -> tuple[Training | HeadTraining, Feed]:
    """A training of what learns, fed with what the rest gives; the whole one where that can't be.

    Both begin with the arrays of the whole one, through a file that is gone after.
    """
    part, why = find_frozen_part(solver.net, solver.shapes, solver.settings)
    if request.is_whole:
        part, why = None, "it was asked for"
    elif not feed.n_pieces:
        part, why = None, "crops or mirrors are drawn anew in every pass"
    if part is None:
        found.why_whole = why
        return whole, feed
    arrays = list(zip(whole.arrays, whole.weights(), strict=True))
    whole.close()
    with TemporaryDirectory(prefix="blobscope-") as scratch:
        weights = Path(scratch) / "start.caffemodel"
        layers = layer_arrays(solver.shapes, arrays, owners_only=False)
        write_caffemodel(weights, solver.net.name, layers)
        engine = process.open(
            solver.net.text,
            weights,
            device=request.device,
            seed=request.seed,
            state=solver.net.state,
            input_shapes=solver.input_shapes,
        )
        head = process.train(
            part.head,
            solver.settings,
            weights,
            device=request.device,
            seed=request.seed,
            state=solver.net.state,
        )
        head.weights()  # before the file goes
    own = {(array.layer, array.index) for array in head.arrays}
    rest = {(a.layer, a.index): v for a, v in arrays if (a.layer, a.index) not in own}
    found.n_frozen = part.n_layers
    shapes = piece_shapes(feed, part, solver.shapes)
    folder = None if request.kept is None else request.kept / _digest(solver, feed, rest, process)
    kept = KeptValues(folder, feed.n_pieces, shapes)
    return HeadTraining(head, whole.arrays, rest), KeptFeed(feed, part, engine, kept)


def _digest(
    solver: _Solver,
    feed: Feed,
    frozen: Mapping[tuple[str, int], np.ndarray],
    process: EngineProcess,
) -> str:
    """What decides on the values of the frozen part."""
    found = hashlib.sha256(solver.net.text.encode())
    found.update(f"{feed.digest} {sorted(process.versions().items())}".encode())
    for (layer, index), array in frozen.items():
        found.update(f"{layer} {index} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:32]


def _own_weights(solver: _Solver) -> Path | None:
    """The first file of the solver's field `weights`, looked for beside the solver."""
    named = solver.settings.weights
    if not named:
        return None
    if len(named) > 1:
        raise RequestError(
            f"{solver.path.name} names {plural(len(named), 'weights file')}.",
            hint="Give one: --weights.",
        )
    found = solver.path.parent / named[0]
    if not found.is_file():
        raise RequestError(
            f"{solver.path.name} names the weights '{named[0]}', which are not beside it.",
            hint="Give them: --weights.",
        )
    return found
