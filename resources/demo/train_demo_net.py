"""Train the demo net: `python -m resources.demo.train_demo_net` from the repository root.

Renders its own pictures (other series than the gallery's), trains with PyTorch on the CPU from a
fixed seed and writes demo.caffemodel with what belongs beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.images.preprocess import Preprocess
from core.images.presets import recipe_path
from core.net.definition import Layer
from core.net.reader import load_net
from core.weights.writer import write_caffemodel
from resources.demo.objects import OBJECTS
from resources.demo.scenes import picture

HERE = Path(__file__).resolve().parent
PROTOTXT = HERE / "demo_deploy.prototxt"
SEED = 20
TRAIN_SEED, VAL_SEED = 11, 12
RENDER_SIDE = 96
RECIPE = Preprocess("warp", 64, 64, mean=(104.0, 110.0, 118.0), scale=1 / 64, exif=False)


@dataclass(frozen=True)
class Plan:
    """How much to render and how long to train."""

    n_train_per_class: int = 150
    n_val_per_class: int = 40
    n_epochs: int = 22
    batch_size: int = 32
    learning_rate: float = 0.003
    weight_decay: float = 0.02


def render_series(seed: int, n_per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, 3, 64, 64) float32 as the recipe makes them, and class numbers (n,) int64."""
    jobs = [(kind, seed, number) for kind in OBJECTS for number in range(n_per_class)]
    with ProcessPoolExecutor(max_workers=2) as pool:
        inputs = list(pool.map(_render_input, jobs, chunksize=32))
    classes = np.repeat(np.arange(len(OBJECTS)), n_per_class)
    return np.stack(inputs), classes


def _render_input(job: tuple[str, int, int]) -> np.ndarray:
    kind, seed, number = job
    return RECIPE.apply(picture(kind, seed, number, RENDER_SIDE))


class DemoNet(nn.Module):
    """The layers of the prototxt as PyTorch modules, up to fc8.

    While it learns, a batch normalisation follows every layer with weights but the last; `fold`
    works them into the weights, so that the net that is saved has none.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.names = [layer.name for layer in layers]
        last_with_weights = [layer.name for layer in layers if layer.type == "InnerProduct"][-1]
        n_channels, side = 3, 64
        steps: list[nn.Module] = []
        for layer in layers:
            is_last = layer.name == last_with_weights
            if layer.type == "Convolution":
                n_out = layer.param("convolution_param").integer("num_output")
                convolution = nn.Conv2d(n_channels, n_out, 3, padding=1)
                steps.append(nn.Sequential(convolution, nn.BatchNorm2d(n_out)))
                n_channels = n_out
            elif layer.type == "Pooling":
                steps.append(nn.MaxPool2d(2))
                side //= 2
            elif layer.type == "InnerProduct":
                n_out = layer.param("inner_product_param").integer("num_output")
                product = nn.Linear(n_channels * side * side, n_out)
                norm = nn.Identity() if is_last else nn.BatchNorm1d(n_out)
                steps.append(nn.Sequential(nn.Flatten(), product, norm))
                n_channels, side = n_out, 1
            elif layer.type == "Dropout":
                steps.append(nn.Dropout(layer.param("dropout_param").number("dropout_ratio")))
            else:
                steps.append(nn.ReLU())
        self.steps = nn.ModuleList(steps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in self.steps:
            x = step(x)
        return x

    def value_of(self, layer_name: str, x: torch.Tensor) -> torch.Tensor:
        """What stands in the net right after that layer."""
        for name, step in zip(self.names, self.steps, strict=True):
            x = step(x)
            if name == layer_name:
                return x
        raise KeyError(layer_name)

    @torch.no_grad()
    def fold(self) -> None:
        """Replace each batch normalisation by what it does to the weights and biases before it."""
        for step in self.steps:
            if not isinstance(step, nn.Sequential):
                continue
            layer, norm = step[-2], step[-1]
            if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                layer.weight.mul_(gain.reshape(-1, *[1] * (layer.weight.ndim - 1)))
                layer.bias.sub_(norm.running_mean).mul_(gain).add_(norm.bias)
                step[-1] = nn.Identity()

    def caffe_layers(self) -> list[tuple[str, str, list[np.ndarray]]]:
        """Name, Caffe type, weight and bias of every layer that learned; to be folded before."""
        found = []
        for name, step in zip(self.names, self.steps, strict=True):
            learned = [value.detach().contiguous().numpy().copy() for value in step.parameters()]
            if learned:
                type_ = "Convolution" if learned[0].ndim == 4 else "InnerProduct"
                found.append((name, type_, learned))
        return found


def build_net() -> DemoNet:
    """The net of the prototxt with fresh weights from the current random state."""
    layers = load_net(PROTOTXT).layers
    net = DemoNet([layer for layer in layers if layer.type not in ("Input", "Softmax")])
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            nn.init.zeros_(module.bias)
    return net


def augmented(inputs: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    """Mirrored, shifted by up to 4 pixels, channels exchanged and tinted: shape counts, not colour.

    inputs: (n, 3, height, width) float32. Returns the same shape.
    """
    n = len(inputs)
    is_mirrored = torch.rand(n, generator=chance) < 0.5
    inputs = torch.where(is_mirrored[:, None, None, None], inputs.flip(3), inputs)
    order = torch.rand(n, 3, generator=chance).argsort(1)
    inputs = inputs[torch.arange(n)[:, None], order]
    gain = 0.8 + 0.4 * torch.rand(n, 3, 1, 1, generator=chance)
    padded = nn.functional.pad(inputs * gain, (4, 4, 4, 4), mode="replicate")
    down, right = torch.randint(0, 9, (2, n), generator=chance)
    side = inputs.shape[-1]
    rows = down[:, None] + torch.arange(side)
    columns = right[:, None] + torch.arange(side)
    places = torch.arange(n)[:, None, None, None]
    channels = torch.arange(3)[None, :, None, None]
    return padded[places, channels, rows[:, None, :, None], columns[:, None, None, :]]


def train(
    net: DemoNet,
    inputs: torch.Tensor,
    classes: torch.Tensor,
    plan: Plan,
    report: Callable[[str], None],
) -> None:
    """AdamW; the rate rises and falls once (OneCycle, Smith and Topin, 2017)."""
    chance = torch.Generator().manual_seed(SEED)
    n_steps = plan.n_epochs * math.ceil(len(inputs) / plan.batch_size)
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )
    rate = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, plan.learning_rate, total_steps=n_steps, pct_start=0.15
    )
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(plan.n_epochs):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(inputs), generator=chance).split(plan.batch_size):
            shown = augmented(inputs[batch], chance).contiguous(memory_format=torch.channels_last)
            loss = loss_of(net(shown), classes[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
            total += loss.item() * len(batch)
        report(f"epoch {epoch + 1} of {plan.n_epochs}: loss {total / len(inputs):.3f}")
    net.eval()
    net.fold()


def measure(net: DemoNet, inputs: torch.Tensor, classes: torch.Tensor) -> dict[str, object]:
    """Accuracy on pictures never trained on, and how much ReLU6 and ReLU7 cut off."""
    with torch.no_grad():
        answers = net(inputs).argmax(1)
        negative = {
            name: round(float((net.value_of(name, inputs) < 0).float().mean()), 4)
            for name in ("fc6", "fc7")
        }
    is_right = answers == classes
    per_class = {
        kind: round(float(is_right[classes == number].float().mean()), 4)
        for number, kind in enumerate(OBJECTS)
    }
    return {
        "val_accuracy": round(float(is_right.float().mean()), 4),
        "val_accuracy_per_class": per_class,
        "share_of_negatives": negative,
    }


def write_results(net: DemoNet, plan: Plan, measured: dict[str, object], folder: Path) -> None:
    """Weights, class names, recipe and what was reached."""
    write_caffemodel(folder / "demo.caffemodel", "BlobscopeDemo", net.caffe_layers())
    (folder / "class_names.txt").write_text("\n".join(OBJECTS) + "\n", encoding="utf-8")
    recipe = {k: v for k, v in RECIPE.to_json().items() if k != "made_with"}
    recipe_file = folder / recipe_path(PROTOTXT).name
    recipe_file.write_text(json.dumps(recipe, indent=2) + "\n", encoding="utf-8")
    results = {
        "seed": SEED,
        "n_train": plan.n_train_per_class * len(OBJECTS),
        "n_val": plan.n_val_per_class * len(OBJECTS),
        "n_epochs": plan.n_epochs,
        **measured,
        "made_with": {"torch": torch.__version__.split("+")[0], "numpy": np.__version__},
    }
    text = json.dumps(results, indent=2) + "\n"
    (folder / "results.json").write_text(text, encoding="utf-8")


def run(plan: Plan, folder: Path, report: Callable[[str], None]) -> dict[str, object]:
    """Render, train, measure and write; returns what was measured."""
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    start = time.perf_counter()
    series = [(TRAIN_SEED, plan.n_train_per_class), (VAL_SEED, plan.n_val_per_class)]
    (x, y), (val_x, val_y) = (
        [torch.from_numpy(values) for values in render_series(seed, n)] for seed, n in series
    )
    report(f"rendered {len(x) + len(val_x)} pictures in {time.perf_counter() - start:.0f} s")
    # Channels last is the faster layout here; the values keep Caffe's order of axes.
    net = build_net().to(memory_format=torch.channels_last)
    train(net, x, y, plan, report)
    measured = measure(net, val_x, val_y)
    write_results(net, plan, measured, folder)
    report(f"val accuracy {measured['val_accuracy']}, {time.perf_counter() - start:.0f} s in all")
    return measured


def main() -> int:
    """Write demo.caffemodel, class_names.txt, the recipe and results.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    run(Plan(), arguments.out, lambda line: print(line, file=sys.stderr, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
