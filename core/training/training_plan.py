"""How a fine-tuning is to go, and the solver file that says so."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST_TESTS = 20
"""And snapshots: a run over few images would spend its time with them after each epoch."""


@dataclass(frozen=True)
class TrainingPlan:
    """What to make of a net.

    n_classes: of the new layer; suffix: added to the old name. freeze: the last layer, in net
    order, that does not learn, "" for none. head, rest: multipliers of (weights, bias) of the new
    layer and of the others. batch, test_batch: images in a pass. n_train, n_val: images there are.
    """

    n_classes: int
    n_train: int
    n_val: int
    suffix: str = "new"
    freeze: str = ""
    head: tuple[float, float] = (10.0, 20.0)
    rest: tuple[float, float] = (1.0, 2.0)
    base_lr: float = 0.001
    epochs: float = 10.0
    batch: int = 16
    test_batch: int = 16
    mirror: bool = False
    seed: int = 1
    root_folder: str = ""


def solver_text(plan: TrainingPlan, name: str) -> str:
    """After Caffe's models/finetune_flickr_style/solver.prototxt, in epochs of these images."""
    an_epoch = max(1, math.ceil(plan.n_train / plan.batch))
    n_iterations = max(1, round(plan.epochs * an_epoch))
    between = max(an_epoch, math.ceil(n_iterations / _MOST_TESTS))
    lines = ['net: "train_val.prototxt"']
    if plan.n_val:
        lines += [
            f"test_iter: {math.ceil(plan.n_val / plan.test_batch)}",
            f"test_interval: {between}",
        ]
    lines += [
        f"base_lr: {plan.base_lr:g}",
        'lr_policy: "step"',
        "gamma: 0.1",
        f"stepsize: {max(1, round(n_iterations * 2 / 3))}",
        f"display: {max(1, an_epoch // 5)}",
        f"max_iter: {n_iterations}",
        "momentum: 0.9",
        "weight_decay: 0.0005",
        f"snapshot: {between}",
        f'snapshot_prefix: "{name}"',
        f"random_seed: {plan.seed}",
    ]
    return "\n".join(lines) + "\n"
