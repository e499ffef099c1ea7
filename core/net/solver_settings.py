"""How a solver file wants a net trained: every setting with Caffe's default, checked as Caffe does.

After BVLC/caffe src/caffe/proto/caffe.proto (SolverParameter), solver.cpp and sgd_solver.cpp.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from core.errors import NetError
from core.net.message import Message

SolverType = Literal["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"]
Policy = Literal["fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid"]
Regularization = Literal["L2", "L1"]
SnapshotFormat = Literal["BINARYPROTO", "HDF5"]

_OLD_TYPES = ("SGD", "NESTEROV", "ADAGRAD", "RMSPROP", "ADADELTA", "ADAM")
_NO_MOMENTUM = ("AdaGrad", "RMSProp")


class SolverSettings(msgspec.Struct, frozen=True):
    """A solver's settings under Caffe's own names.

    clip_gradients: below 0 none. test_iter: one number for each test net.
    """

    type: SolverType = "SGD"
    base_lr: float = 0.0
    lr_policy: Policy = "fixed"
    gamma: float = 0.0
    power: float = 0.0
    stepsize: int = 0
    stepvalue: tuple[int, ...] = ()
    max_iter: int = 0
    momentum: float = 0.0
    momentum2: float = 0.999
    rms_decay: float = 0.99
    delta: float = 1e-8
    weight_decay: float = 0.0
    regularization_type: Regularization = "L2"
    clip_gradients: float = -1.0
    iter_size: int = 1
    average_loss: int = 1
    display: int = 0
    test_iter: tuple[int, ...] = ()
    test_interval: int = 0
    test_initialization: bool = True
    snapshot: int = 0
    snapshot_prefix: str = ""
    snapshot_format: SnapshotFormat = "BINARYPROTO"
    snapshot_after_train: bool = True
    random_seed: int = -1
    weights: tuple[str, ...] = ()


def read_settings(solver: Message) -> SolverSettings:
    """The settings of a solver file. Raises NetError for what makes Caffe abort."""
    values: dict[str, Any] = {
        "type": _type(solver),
        "lr_policy": _one_of(solver, "lr_policy", Policy, ""),
        "regularization_type": _one_of(solver, "regularization_type", Regularization, "L2"),
        "snapshot_format": _snapshot_format(solver),
        "stepvalue": solver.integers("stepvalue"),
        "test_iter": solver.integers("test_iter"),
        "weights": tuple(
            part.strip() for word in solver.words("weights") for part in word.split(",") if part
        ),
        "snapshot_prefix": solver.word("snapshot_prefix"),
    }
    for field in msgspec.structs.fields(SolverSettings):
        read = {"float": solver.number, "int": solver.integer, "bool": solver.boolean}
        if field.name not in values:
            values[field.name] = read[field.type.__name__](field.name, field.default)
    settings = SolverSettings(**values)
    _check(settings)
    return settings


def _type(solver: Message) -> str:
    old = solver.word("solver_type")
    if old and solver.has("type"):
        raise NetError("The solver names its type twice, as type and as solver_type.")
    if not old:
        return _one_of(solver, "type", SolverType, "SGD")
    names: tuple[str, ...] = get_args(SolverType)
    if old in _OLD_TYPES:
        return names[_OLD_TYPES.index(old)]
    if old.isdecimal() and int(old) < len(names):
        return names[int(old)]
    raise NetError(f"The solver has type '{old}', which is none of Caffe's.")


def _snapshot_format(solver: Message) -> SnapshotFormat:
    word = solver.word("snapshot_format", "BINARYPROTO")
    return "HDF5" if word in ("HDF5", "0") else "BINARYPROTO"


def _one_of(solver: Message, name: str, known: object, default: str) -> str:
    word = solver.word(name, default)
    names: tuple[str, ...] = get_args(known)
    if word in names:
        return word
    claim = f"has {name} '{word}'" if word else f"names no {name}"
    raise NetError(f"The solver {claim}.", hint=f"Caffe knows {', '.join(names)}.")


def _check(settings: SolverSettings) -> None:
    if settings.type in _NO_MOMENTUM and settings.momentum:
        raise NetError(
            f"{settings.type} takes no momentum, and the solver has {settings.momentum:g}.",
            hint="Take the line out; real Caffe stops here too.",
        )
    if settings.lr_policy in ("step", "sigmoid") and settings.stepsize <= 0:
        raise NetError(
            f"lr_policy '{settings.lr_policy}' needs a stepsize above 0.", hint="Add one."
        )
    if settings.gamma < 0:
        raise NetError(f"gamma is {settings.gamma:g}; Caffe takes none below 0.")
    if settings.iter_size < 1:
        raise NetError(f"iter_size is {settings.iter_size}; it is 1 or more.")
    if settings.test_iter and settings.test_interval <= 0:
        raise NetError("The solver has test_iter without test_interval.", hint="Add it.")
