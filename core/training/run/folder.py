"""The folder of a run: what it was asked for, its log, its snapshots and what it keeps."""

from __future__ import annotations

from pathlib import Path

import msgspec

from core.errors import AppError, RequestError
from core.files import write_file
from core.training.augmentation import Augmentation
from core.training.run.history import History, read_history
from core.training.run.keeping import snapshot_files
from core.training.run.records import Snapshot
from core.training.snapshots import SnapshotFiles
from core.typed_json import as_type, load_json
from core.weights.reader import open_weights
from core.weights.solver_state import read_solver_state
from core.words import plural

REQUEST_NAME = "run.json"
_MOST_BYTES = 1 << 20


class Asked(msgspec.Struct, frozen=True):
    """What a run was asked for, by the paths of its files; the engine is chosen each time."""

    solver: str
    batches: str = ""
    weights: str = ""
    until: int | None = None
    seed: int = 0
    kept: str = ""
    is_whole: bool = False
    test_batches: tuple[str, ...] = ()
    augmentation: Augmentation | None = None


def begin_folder(folder: Path, asked: Asked, *, goes_on: bool) -> None:
    """Make the folder of a run. Raises AppError, where a new run would begin in that of another.

    One that was killed before its first snapshot may begin again.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AppError(f"{folder} can't be made: {error.strerror or error}.") from error
    history = read_history(folder)
    n_done = history.n_done
    if n_done and history.snapshots and not goes_on:
        raise RequestError(
            f"{folder.name} holds a run of {plural(n_done, 'iteration')}.",
            hint="Go on with it (--resume), or name another folder.",
        )
    write_file(folder / REQUEST_NAME, msgspec.json.format(msgspec.json.encode(asked)) + b"\n")


def read_asked(folder: Path) -> Asked:
    """What the run of a folder was asked for. Raises AppError."""
    path = folder / REQUEST_NAME
    if not path.is_file():
        raise RequestError(f"{folder.name} holds no run: it has no {REQUEST_NAME}.")
    return as_type(load_json(path, _MOST_BYTES), Asked, REQUEST_NAME)


def snapshot_to_go_on_from(
    folder: Path, history: History, iteration: int | None
) -> SnapshotFiles | None:
    """That of an iteration; None for the last one that is whole, and as answer where none is.

    Raises RequestError where there is no whole one of that iteration.
    """
    if iteration is None:
        return last_whole_snapshot(folder, history)
    named = [one for one in history.snapshots if one.iteration == iteration]
    files = _whole_files(folder, named[-1]) if named else None
    if files is None:
        there = ", ".join(str(one.iteration) for one in history.snapshots) or "none"
        raise RequestError(
            f"{folder.name} has no whole snapshot of iteration {iteration}.",
            hint=f"There are: {there}.",
        )
    return files


def last_whole_snapshot(folder: Path, history: History) -> SnapshotFiles | None:
    """The latest snapshot of a run whose two files can be read; None where there is none."""
    whole = (_whole_files(folder, one) for one in reversed(history.snapshots))
    return next((files for files in whole if files is not None), None)


def _whole_files(folder: Path, snapshot: Snapshot) -> SnapshotFiles | None:
    files = snapshot_files(folder, snapshot)
    try:
        state = read_solver_state(files.state)
        open_weights(files.weights)
    except AppError:
        return None
    return files if state.iteration == snapshot.iteration else None
