"""Fine-tuning: a solver's net learns from batches, by Caffe's rules, and can go on later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
from core.training.feeds import array_feed
from core.training.loop import Trained, train
from core.training.snapshots import Snapshot, snapshot_paths, weights_beside, write_snapshot
from core.weights.solver_state import SolverState, read_solver_state

_MOST_BYTES = 16 << 30


@dataclass(frozen=True)
class FinetuneRequest:
    """A solver file, and what its net begins with and learns from.

    weights: copied by layer name; None takes the solver's own field, or fillers. batches: an .npz
    of BLOB -> (n_batches, *shape). at: after which iterations the arrays are kept. resume: a
    .solverstate, whose weights lie beside it. until: None for the solver's max_iter, or the last of
    `at`. snapshots: the folder for them, None for none but those that stop a run.
    """

    solver: Path
    batches: Path
    weights: Path | None = None
    at: tuple[int, ...] = ()
    resume: Path | None = None
    until: int | None = None
    snapshots: Path | None = None
    device: str = "cpu"
    seed: int = 0
    engine: EngineSpec = TORCH


@dataclass
class Finetuned:
    """What a fine-tuning gave.

    kept: by iteration, the learned arrays and what the solver remembers. gradients, updates: of
    iteration 0, where it was run.
    """

    names: tuple[tuple[str, int], ...]
    trained: Trained = field(default_factory=lambda: Trained(0, ()))
    kept: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = field(default_factory=dict)
    gradients: list[np.ndarray] = field(default_factory=list)
    updates: list[np.ndarray] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)


@dataclass(frozen=True)
class _Solver:
    """A solver and the net it trains."""

    path: Path
    settings: SolverSettings
    net: Net
    shapes: NetShapes

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
    batches = read_npz(request.batches, _MOST_BYTES)
    with start_engine(request.engine) as process:
        training = _start(process, request, solver, state)
        feed = array_feed(batches, training.inputs)
        found = Finetuned(tuple((array.layer, array.index) for array in training.arrays))
        keeper = _Keeper(request, solver, training, found)
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
        self, request: FinetuneRequest, solver: _Solver, training: Training, found: Finetuned
    ) -> None:
        self._request, self._solver = request, solver
        self._training, self._found = training, found

    def after(self, iterated: Iterated) -> None:
        """After each iteration."""
        number = iterated.iteration
        if number == 1:
            self._found.gradients = self._training.first_gradients()
            self._found.updates = self._training.first_updates()
        if number in self._request.at:
            self._found.kept[number] = (self._training.weights(), self._training.history())
        every = self._solver.settings.snapshot
        if self._request.snapshots is not None and every and number % every == 0:
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
    return _Solver(path, settings, net, infer_shapes(net))


def _start(
    process: EngineProcess,
    request: FinetuneRequest,
    solver: _Solver,
    state: SolverState | None,
) -> Training:
    weights = request.weights or _own_weights(solver)
    if state is not None and request.resume is not None:
        weights = weights_beside(request.resume, state.weights)
    training = process.train(
        solver.net.text,
        solver.settings,
        weights,
        device=request.device,
        seed=request.seed,
        state=solver.net.state,
    )
    if state is not None:
        training.restore(state.iteration, state.step, state.history)
    return training


def _own_weights(solver: _Solver) -> Path | None:
    """The first file of the solver's field `weights`, looked for beside the solver."""
    named = solver.settings.weights
    if not named:
        return None
    if len(named) > 1:
        raise RequestError(
            f"{solver.path.name} names {len(named)} weights files.", hint="Give one: --weights."
        )
    found = solver.path.parent / named[0]
    if not found.is_file():
        raise RequestError(
            f"{solver.path.name} names the weights '{named[0]}', which are not beside it.",
            hint="Give them: --weights.",
        )
    return found
