"""Caffe's six solvers: what is subtracted from each learned array, given its gradient.

After BVLC/caffe src/caffe/solvers/*_solver.cpp. The rate is inside the history, not outside as in
PyTorch's own optimisers, and delta is added as each of them adds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.net.solver_settings import SolverSettings

N_HISTORIES = {"Adam": 2, "AdaDelta": 2}
"""Tensors kept for each learned array; 1 for other solvers."""


@dataclass(frozen=True)
class Step:
    """What an update needs beside the gradient: rate times lr_mult, and how many went before."""

    rate: float
    iteration: int
    settings: SolverSettings


Update = Callable[[Tensor, Sequence[Tensor], Step], Tensor]
"""From a gradient and its histories, which are moved on, to what is subtracted."""


def _sgd(gradient: Tensor, history: Sequence[Tensor], step: Step) -> Tensor:
    velocity = history[0]
    velocity.mul_(step.settings.momentum).add_(gradient, alpha=step.rate)
    return velocity


def _nesterov(gradient: Tensor, history: Sequence[Tensor], step: Step) -> Tensor:
    velocity, momentum = history[0], step.settings.momentum
    before = velocity.clone()
    velocity.mul_(momentum).add_(gradient, alpha=step.rate)
    return velocity * (1.0 + momentum) - before * momentum


def _adagrad(gradient: Tensor, history: Sequence[Tensor], step: Step) -> Tensor:
    squares = history[0]
    squares.addcmul_(gradient, gradient)
    return gradient / (squares.sqrt() + step.settings.delta) * step.rate


def _rmsprop(gradient: Tensor, history: Sequence[Tensor], step: Step) -> Tensor:
    squares, decay = history[0], step.settings.rms_decay
    squares.mul_(decay).addcmul_(gradient, gradient, value=1.0 - decay)
    return gradient / (squares.sqrt() + step.settings.delta) * step.rate


def _adadelta(gradient: Tensor, history: Sequence[Tensor], step: Step) -> Tensor:
    squares, moves = history
    momentum, delta = step.settings.momentum, step.settings.delta
    squares.mul_(momentum).addcmul_(gradient, gradient, value=1.0 - momentum)
    move = gradient * ((moves + delta) / (squares + delta)).sqrt()
    moves.mul_(momentum).addcmul_(move, move, value=1.0 - momentum)
    return move * step.rate


def _adam(gradient: Tensor, history: Sequence[Tensor], step: Step) -> Tensor:
    mean, square = history
    beta1, beta2 = step.settings.momentum, step.settings.momentum2
    mean.mul_(beta1).add_(gradient, alpha=1.0 - beta1)
    square.mul_(beta2).addcmul_(gradient, gradient, value=1.0 - beta2)
    t = step.iteration + 1
    correction = math.sqrt(1.0 - beta2**t) / (1.0 - beta1**t)
    return mean / (square.sqrt() + step.settings.delta) * (step.rate * correction)


UPDATES: dict[str, Update] = {
    "SGD": _sgd,
    "Nesterov": _nesterov,
    "AdaGrad": _adagrad,
    "RMSProp": _rmsprop,
    "AdaDelta": _adadelta,
    "Adam": _adam,
}


def common_norm(gradients: Sequence[Tensor]) -> float:
    """The L2 norm of all gradients together."""
    norms = [torch.linalg.vector_norm(one, dtype=torch.float64) for one in gradients]
    return float(torch.linalg.vector_norm(torch.stack(norms))) if norms else 0.0


def clip_factor(norm: float, limit: float) -> float:
    """What all gradients are multiplied with so that their common L2 norm keeps to a limit."""
    return limit / norm if 0 <= limit < norm else 1.0


def add_decay(gradient: Tensor, weight: Tensor, decay: float, kind: str) -> None:
    """Add the gradient of decay * |w|^2 / 2 (L2), or of decay * |w| (L1), in place."""
    if decay:
        gradient.add_(torch.sign(weight) if kind == "L1" else weight, alpha=decay)
