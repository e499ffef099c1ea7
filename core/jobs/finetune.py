"""Fine-tuning: a solver's net learns from batches, by Caffe's rules, and can go on later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.activations.npz_file import write_npz
from core.engines.host import TORCH
from core.engines.operations import Iterated
from core.engines.process import EngineProcess
from core.engines.registry import start_engine
from core.engines.training import Training
from core.engines.values import EngineSpec
from core.errors import RequestError
from core.npy_file import read_npz
from core.progress import Job
from core.training.augmentation import Augmentation, beside
from core.training.data_layers import own_feed
from core.training.feeds import Feed, array_feed
from core.training.frozen import HeadTraining
from core.training.loop import OnIteration, Run, Trained
from core.training.run.channels import ChannelWatch
from core.training.run.control import RunControl
from core.training.run.folder import Asked, begin_folder, read_asked, snapshot_to_go_on_from
from core.training.run.history import History, read_history
from core.training.run.keeping import SnapshotKeeper
from core.training.run.log import RunLog
from core.training.run.records import Began
from core.training.run.testing import Tests
from core.training.snapshots import weights_beside
from core.training.solver_net import SolverNet, read_solver, read_tests
from core.training.starting import Asking, Begun, begin
from core.weights.solver_state import SolverState, read_solver_state

_MOST_BYTES = 16 << 30


@dataclass(frozen=True)
class FinetuneRequest:
    """A solver file, and what its net begins with and learns from.

    weights: copied by layer name; None takes the solver's own field, or fillers. batches: an .npz
    of BLOB -> (n_batches, *shape); None where the data layers of the net read their own files.
    at: after which iterations the arrays are kept. resume: a .solverstate, whose weights lie beside
    it. until: None for the last of `at`, or the solver's max_iter. run: the folder for snapshots
    and the log, None for neither; a run with one ends when it diverges. kept: where values of
    layers that do not learn are kept, None takes the run's folder, or memory; is_whole: nothing is
    kept, every layer runs in every pass. test_batches: as `batches`, a file for each test net of
    the solver; a net that has none and can't read its own is left out, which Began.notes says.
    augmentation: of the images that it learns from; None takes augment.json beside the net, which
    `prepare` writes, and changes none where there is no such file.
    """

    solver: Path
    batches: Path | None = None
    weights: Path | None = None
    at: tuple[int, ...] = ()
    resume: Path | None = None
    until: int | None = None
    run: Path | None = None
    device: str = "cpu"
    seed: int = 0
    engine: EngineSpec = TORCH
    kept: Path | None = None
    is_whole: bool = False
    test_batches: tuple[Path, ...] = ()
    augmentation: Augmentation | None = None


@dataclass
class Finetuned:
    """What a fine-tuning gave.

    kept: by iteration, the learned arrays and what the solver remembers. gradients, updates: of
    iteration 0, where it was run. history: what was recorded, from the run's first iteration on.
    """

    names: tuple[tuple[str, int], ...]
    trained: Trained = field(default_factory=lambda: Trained(0, ()))
    kept: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = field(default_factory=dict)
    gradients: list[np.ndarray] = field(default_factory=list)
    updates: list[np.ndarray] = field(default_factory=list)
    history: History = field(default_factory=History)


def finetune(request: FinetuneRequest, control: RunControl | None = None) -> Job[Finetuned]:
    """Train, record it, and keep what was asked for; yields RunProgress. Raises AppError.

    A window iterates it in a lane and draws what is new in the `history` of each RunProgress: the
    records of core.training.run.records, which read_history(request.run) gives of a run that is
    over, was killed or goes on elsewhere. control: pauses, stops and asks for snapshots from any
    thread; closing the job ends it at once. resumed(folder) is the request to go on with.
    A run with a folder ends by itself once it diverges; `history.ended` says how it ended.
    """
    solver = read_solver(request.solver)
    state = None if request.resume is None else read_solver_state(request.resume)
    first = 0 if state is None else state.iteration
    last = request.until or max((*request.at, 0)) or solver.settings.max_iter
    if last <= first:
        raise RequestError(
            f"There is nothing to do: {first} iterations are done, and it goes up to {last}.",
            hint="Set max_iter in the solver, or name more iterations.",
        )
    given = None if request.batches is None else read_npz(request.batches, _MOST_BYTES)
    given_tests = [read_npz(path, _MOST_BYTES) for path in request.test_batches]
    sources = read_tests(solver)
    request = _with_augmentation(request, solver.folder)
    own = None
    if given is None:
        changed = request.augmentation or Augmentation()
        own = own_feed(solver.net, solver.folder, request.seed, changed)
    solver = solver if own is None else solver.fed(own.shapes)
    if request.run is not None:
        begin_folder(request.run, _asked(request), goes_on=state is not None)
    history = History() if request.run is None else read_history(request.run)
    with start_engine(request.engine) as process:
        whole = _start(process, request, solver, state)
        every: Feed = own or array_feed(given or {}, whole.inputs)
        found = Finetuned(tuple((array.layer, array.index) for array in whole.arrays))
        found.history = history
        asking = Asking(
            process, solver, request.device, request.seed, _kept_folder(request),
            request.is_whole, given_tests,
        )  # fmt: skip
        begun = begin(asking, whole, every, sources)
        if state is not None:
            begun.training.restore(state.iteration, state.step, state.history)
        run = _run(request, solver, begun, every, (first, last), found, control or RunControl())
        found.trained = yield from run.go()
        return found


def _run(
    request: FinetuneRequest,
    solver: SolverNet,
    begun: Begun,
    feed: Feed,
    span: tuple[int, int],
    found: Finetuned,
    control: RunControl,
) -> Run:
    """The loop, with what a run with a folder has: a log, snapshots, and a look at its channels."""
    training, history = begun.training, found.history
    log = RunLog(request.run, history)
    keeper = watch = None
    if request.run is not None:
        keeper = SnapshotKeeper(request.run, solver, training, log, span[1])
        watch = ChannelWatch(training, begun.feed, span[1])
    log.write(_began(solver, begun, feed, span))
    return Run(
        training, solver.settings, begun.feed, span, log, control,
        Tests(training, solver.settings, begun.tests), keeper, watch,
        (_taker(request.at, training, found),),
    )  # fmt: skip


def _with_augmentation(request: FinetuneRequest, folder: Path) -> FinetuneRequest:
    """With what the file beside the net says, where nothing else was asked for."""
    if request.augmentation is not None:
        return request
    return replace(request, augmentation=beside(folder))


def _kept_folder(request: FinetuneRequest) -> Path | None:
    if request.kept is None and request.run is not None:
        return request.run / "frozen"
    return request.kept


def resumed(
    folder: Path, engine: EngineSpec = TORCH, device: str = "cpu", iteration: int | None = None
) -> FinetuneRequest:
    """What the run in a folder was asked for, to be given to finetune() to go on with it.

    iteration: of the snapshot to go on from, one of read_history(folder).snapshots; what was
    recorded after it becomes void. None takes the last one whose files are whole, or the beginning
    where there is none. Raises AppError.
    """
    asked = read_asked(folder)
    files = snapshot_to_go_on_from(folder, read_history(folder), iteration)
    return FinetuneRequest(
        Path(asked.solver),
        _path(asked.batches),
        _path(asked.weights),
        resume=None if files is None else files.state,
        until=asked.until,
        run=folder,
        device=device,
        seed=asked.seed,
        engine=engine,
        kept=_path(asked.kept),
        is_whole=asked.is_whole,
        test_batches=tuple(Path(path) for path in asked.test_batches),
        augmentation=asked.augmentation,
    )


def _asked(request: FinetuneRequest) -> Asked:
    return Asked(
        str(request.solver.absolute()),
        _written(request.batches),
        _written(request.weights),
        request.until or max((*request.at, 0)) or None,
        request.seed,
        _written(request.kept),
        request.is_whole,
        tuple(_written(path) for path in request.test_batches),
        request.augmentation,
    )


def _path(written: str) -> Path | None:
    return Path(written) if written else None


def _written(path: Path | None) -> str:
    return "" if path is None else str(path.absolute())


def _began(solver: SolverNet, begun: Begun, feed: Feed, span: tuple[int, int]) -> Began:
    training = begun.training
    sizes = [(array.lr_mult != 0.0, math.prod(array.shape)) for array in training.arrays]
    return Began(
        span[0],
        span[1],
        batch=feed.n_rows * solver.settings.iter_size,
        n_images=feed.n_images,
        n_frozen=begun.n_frozen,
        why_whole=begun.why_whole,
        n_moving=sum(size for learns, size in sizes if learns),
        n_values=sum(size for _, size in sizes),
        filler_layers=training.filler_layers,
        tests=begun.scores,
        notes=begun.notes,
    )


def _taker(at: Sequence[int], training: Training | HeadTraining, found: Finetuned) -> OnIteration:
    """Takes arrays out of a training when it is time."""

    def take(iterated: Iterated) -> None:
        if iterated.iteration == 1:
            found.gradients = training.first_gradients()
            found.updates = training.first_updates()
        if iterated.iteration in at:
            found.kept[iterated.iteration] = (training.weights(), training.history())

    return take


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


def _start(
    process: EngineProcess,
    request: FinetuneRequest,
    solver: SolverNet,
    state: SolverState | None,
) -> Training:
    weights = request.weights or solver.own_weights()
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
