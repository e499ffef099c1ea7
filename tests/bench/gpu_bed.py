"""What each part of the GPU's bench knows: where, how large, until when, and how it is timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.engines.fidelity import in_precision
from core.engines.host import NetToRun
from core.engines.values import EngineSpec
from core.images.preprocess import Preprocess
from core.jobs.open import OpenRequest, open_model
from tests.bench.nets import find_net
from tests.bench.random_weights import write_random_weights

NETS = ("squeezenet", "resnet50", "vgg16")
DTYPES = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16,
           "float16": torch.float16}  # fmt: skip


@dataclass
class Bench:
    """What one run knows: where, how large, until when, and what was found."""

    device: str
    small: bool
    until: float
    folder: Path
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def on_gpu(self) -> bool:
        return self.device.startswith("cuda")

    @property
    def precisions(self) -> tuple[str, ...]:
        return tuple(DTYPES) if self.on_gpu else ("float32", "bfloat16")

    @property
    def nets(self) -> tuple[str, ...]:
        wanted = NETS[:1] if self.small else NETS
        return tuple(name for name in wanted if find_net(name) is not None)

    @property
    def batch(self) -> int:
        return 2 if self.small else 64

    def seconds_left(self) -> float:
        return self.until - time.monotonic()

    def to_run(self, name: str, precision: str = "float32", **options: str) -> NetToRun:
        path = find_net(name)
        assert path is not None
        weights = self.folder / f"{name}.caffemodel"
        if not weights.exists():
            write_random_weights(path, weights)
        spec = EngineSpec("torch") if precision == "float32" else in_precision(precision)
        net = open_model(OpenRequest(path, weights)).to_run
        spec = replace(spec, options=(*spec.options, *options.items()))
        return replace(net, device=self.device, engine=spec)


def pictures(recipe: Preprocess, n_images: int) -> np.ndarray:
    """As wide as pictures less their mean."""
    shape = (n_images, *recipe.output_shape(640, 480))
    return 50 * np.random.default_rng(0).standard_normal(shape, np.float32)


def seconds(work: Callable[[], object], bench: Bench) -> float:
    """The median of a few runs after two that do not count."""
    took = []
    for turn in range(3 if bench.small else 9):
        started = time.perf_counter()
        work()
        if turn > 1:
            took.append(time.perf_counter() - started)
    return statistics.median(took)


def wait(bench: Bench) -> None:
    if bench.on_gpu:
        torch.cuda.synchronize(bench.device)
