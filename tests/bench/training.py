"""One training iteration (forward, back, update): ours, real Caffe and plain PyTorch in turns.

    python -m tests.bench.training [N_ROUNDS]

SqueezeNet v1.0 with a new class layer, and the last block of VGG16 (conv5_1 to pool5) with one on
what pool4 gives. Real Caffe as BLOBSCOPE_CAFFE_PYTHON names it. Momentum, decay, no dropout. Ours
and Caffe are asked over a pipe, which takes the batch there; PyTorch has it in the same process.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from core.engines.base import EngineSpec
from core.engines.registry import start_engine
from core.net.solver_settings import SolverSettings
from tests.bench.timing import interleave

SOLVER = SolverSettings(base_lr=1e-4, momentum=0.9, weight_decay=5e-4, max_iter=100_000)
N_CLASSES = 10
FIRES = ((16, 64, 2), (16, 64, 3), (32, 128, 4), (32, 128, 5), (48, 192, 6), (48, 192, 7),
         (64, 256, 8), (64, 256, 9))  # fmt: skip
POOLED_AFTER = (4, 8)


def convolution(name: str, bottom: str, n: int, kernel: int, extra: str = "") -> str:
    """A convolution with its ReLU in place."""
    return (
        f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" '
        f"convolution_param {{ num_output: {n} kernel_size: {kernel} {extra} "
        'weight_filler { type: "msra" } } }\n'
        f'layer {{ name: "relu_{name}" type: "ReLU" bottom: "{name}" top: "{name}" }}\n'
    )


def pooling(name: str, bottom: str, param: str) -> str:
    """A pooling."""
    return (
        f'layer {{ name: "{name}" type: "Pooling" bottom: "{bottom}" top: "{name}" '
        f"pooling_param {{ {param} }} }}\n"
    )


def inputs(shape: tuple[int, ...]) -> str:
    """Images and labels."""
    dims = " ".join(f"dim: {size}" for size in shape)
    return (
        'layer { name: "in" type: "Input" top: "data" top: "label" input_param { '
        f"shape {{ {dims} }} shape {{ dim: {shape[0]} }} }} }}\n"
    )


LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" }'
LARGEST = "pool: MAX kernel_size: 3 stride: 2"


def squeezenet_text(shape: tuple[int, ...]) -> str:
    """SqueezeNet v1.0 with a new class layer."""
    text = inputs(shape) + convolution("conv1", "data", 96, 7, "stride: 2")
    text += pooling("pool1", "conv1", LARGEST)
    at = "pool1"
    for squeezed, expanded, number in FIRES:
        names = [f"f{number}{part}" for part in "sab"]
        text += convolution(names[0], at, squeezed, 1)
        text += convolution(names[1], names[0], expanded, 1)
        text += convolution(names[2], names[0], expanded, 3, "pad: 1")
        at = f"fire{number}"
        text += (
            f'layer {{ name: "{at}" type: "Concat" bottom: "{names[1]}" bottom: "{names[2]}" '
            f'top: "{at}" }}\n'
        )
        if number in POOLED_AFTER:
            text += pooling(f"pool{number}", at, LARGEST)
            at = f"pool{number}"
    text += convolution("new", at, N_CLASSES, 1, "pad: 1")
    return text + pooling("score", "new", "pool: AVE global_pooling: true") + LOSS


class Fire(nn.Module):
    """One fire module."""

    def __init__(self, n: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(n, squeezed, 1)
        self.one = nn.Conv2d(squeezed, expanded, 1)
        self.three = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Squeeze, then both."""
        x = torch.relu_(self.squeeze(x))
        return torch.cat([torch.relu_(self.one(x)), torch.relu_(self.three(x))], 1)


def squeezenet_module() -> nn.Module:
    """The same net."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, 96, 7, 2),
        nn.ReLU(True),
        nn.MaxPool2d(3, 2, 0, 1, False, True),
    ]
    n = 96
    for squeezed, expanded, number in FIRES:
        layers.append(Fire(n, squeezed, expanded))
        n = 2 * expanded
        if number in POOLED_AFTER:
            layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
    layers += [nn.Conv2d(n, N_CLASSES, 1, padding=1), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def block_text(shape: tuple[int, ...]) -> str:
    """conv5_1 to pool5, and a class layer."""
    text, at = inputs(shape), "data"
    for number in (1, 2, 3):
        text += convolution(f"conv5_{number}", at, 512, 3, "pad: 1")
        at = f"conv5_{number}"
    text += pooling("pool5", at, "pool: MAX kernel_size: 2 stride: 2")
    text += (
        'layer { name: "score" type: "InnerProduct" bottom: "pool5" top: "score" '
        f'inner_product_param {{ num_output: {N_CLASSES} weight_filler {{ type: "xavier" }} }} }}\n'
    )
    return text + LOSS


def block_module() -> nn.Module:
    """The same block."""
    layers: list[nn.Module] = []
    for _ in range(3):
        layers += [nn.Conv2d(512, 512, 3, padding=1), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512 * 49, N_CLASSES))


CASES = {
    "SqueezeNet, 4 images": ((4, 3, 227, 227), squeezenet_text, squeezenet_module),
    "VGG16's last block, 8 images": ((8, 512, 14, 14), block_text, block_module),
}


def plain(module: nn.Module, data: np.ndarray, label: np.ndarray) -> Callable[[], float]:
    """An iteration as a PyTorch user writes it."""
    optimiser = torch.optim.SGD(module.parameters(), 1e-4, 0.9, weight_decay=5e-4)
    x, y = torch.from_numpy(data), torch.from_numpy(label).long()

    def iterate() -> float:
        began = time.perf_counter()
        optimiser.zero_grad()
        nn.functional.cross_entropy(module(x), y).backward()
        optimiser.step()
        return time.perf_counter() - began

    return iterate


def main(n_rounds: int) -> None:
    """Each case with all contestants in turns."""
    specs = {"ours": EngineSpec("torch")}
    named = os.environ.get("BLOBSCOPE_CAFFE_PYTHON", "")
    if named:
        specs["real Caffe"] = EngineSpec("caffe", tuple(shlex.split(named)))
    for case, (shape, text, module) in CASES.items():
        rng = np.random.default_rng(1)
        data = rng.standard_normal(shape).astype(np.float32)
        label = rng.integers(0, N_CLASSES, shape[0]).astype(np.float32)
        processes = {name: start_engine(spec) for name, spec in specs.items()}

        def engine(name: str, batch: dict[str, np.ndarray], written: str) -> Callable[[], float]:
            training = processes[name].train(written, SOLVER)  # noqa: B023 - called in this turn

            def iterate() -> float:
                began = time.perf_counter()
                training.iterate([batch])
                return time.perf_counter() - began

            return iterate

        contestants = {
            name: engine(name, {"data": data, "label": label}, text(shape)) for name in specs
        }
        contestants["plain PyTorch"] = plain(module().train(), data, label)
        timed = interleave(contestants, n_rounds=n_rounds)
        least = {name: one.least for name, one in timed.items()}
        print(f"{case} (load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors):")
        for name, seconds in least.items():
            print(f"  {name:14} {1000 * seconds:7.0f} ms, {seconds / least['ours']:.2f} of ours")
        for process in processes.values():
            process.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
