"""The folders of runs beside a split: which there are, and what lies in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.net.solver_settings import SolverSettings
from core.training.run.folder import read_asked
from core.training.run.history import History, read_history
from core.training.solver_net import read_solver


@dataclass(frozen=True)
class LoadedRun:
    """What lies in the folder of a run, and what its solver says."""

    folder: Path
    history: History
    solver: Path
    weights: str
    settings: SolverSettings


def load_run(folder: Path) -> LoadedRun:
    """Read a run that is over, was cut off, or goes on elsewhere. Raises AppError."""
    asked = read_asked(folder)
    solver = read_solver(Path(asked.solver))
    return LoadedRun(folder, read_history(folder), solver.path, asked.weights, solver.settings)


def solver_words(settings: SolverSettings) -> str:
    """ "SGD, momentum 0.9, decay 0.0005"."""
    words: list[str] = [settings.type]
    if settings.momentum:
        words.append(f"momentum {settings.momentum:g}")
    if settings.weight_decay:
        words.append(f"decay {settings.weight_decay:g}")
    return ", ".join(words)


def rate_words(settings: SolverSettings) -> str:
    """ "0.001, × 0.1 every 500"."""
    if settings.lr_policy == "step":
        return f"{settings.base_lr:g}, × {settings.gamma:g} every {settings.stepsize:,}"
    return f"{settings.base_lr:g}, {settings.lr_policy}"


def _runs(folder: Path) -> Sequence[Path]:
    """The folders of runs, in the order that they were begun."""
    found = [path for path in folder.glob("run-*") if path.name[4:].isdigit()]
    return sorted(found, key=lambda path: int(path.name[4:]))


def last_folder(folder: Path) -> Path | None:
    """That of the run begun last; None where there is none."""
    found = _runs(folder)
    return found[-1] if found else None


def next_folder(folder: Path) -> Path:
    """For a new run, beside those of before."""
    found = _runs(folder)
    return folder / f"run-{int(found[-1].name[4:]) + 1 if found else 1}"
