"""A stand-in for an engine, a folder of pictures and a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.values import EngineLayer, Value
from core.images.preprocess import Preprocess
from core.measures.measure import Measure
from core.retrieval.descriptor import DescriptorRecipe


class StubEngine:
    """Has one layer, "conv", that hands on its input; counts batches and can fail at one."""

    def __init__(self, *, fail_at_batch: int | None = None) -> None:
        shape = (1, 3, 8, 8)
        self.layers = (
            EngineLayer("conv", "Convolution", ("data",), ("conv",), (shape,)),
            EngineLayer("fc", "InnerProduct", ("conv",), ("fc",), ((1, 4),)),
            EngineLayer("huge", "Convolution", ("data",), ("huge",), ((1, 64, 224, 224),)),
        )
        self.inputs: dict[str, tuple[int, ...] | None] = {"data": shape}
        self.batches: list[tuple[int, ...]] = []
        self.fail_at_batch = fail_at_batch

    def shape_of(self, value: Value) -> tuple[int, ...] | None:
        """As its layers say."""
        shapes = {layer.name: layer.top_shapes[0] for layer in self.layers}
        return shapes.get(value.layer)

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        """Measures of the input itself."""
        if self.fail_at_batch == len(self.batches):
            raise RuntimeError("the engine died")
        images = inputs["data"]
        self.batches.append(images.shape)
        values = {"conv": images, "fc": images.reshape(len(images), -1)[:, :4]}
        return {(v, m): m.of(values[v.layer]) for v, ms in wants.items() for m in ms}


@pytest.fixture
def stub_engine() -> Callable[..., StubEngine]:
    return StubEngine


@pytest.fixture
def recipe() -> DescriptorRecipe:
    """GAP of "conv" from 8 x 8 pictures."""
    preprocess = Preprocess("warp", 8, 8)
    return DescriptorRecipe("conv", "conv", "gap", 3.0, preprocess, "net", "weights")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 12 plain pictures: red and blue in folders, two grey ones at the root."""
    folder = tmp_path / "pictures"
    rng = np.random.default_rng(3)
    for label, colour in (("red", (220, 30, 30)), ("things/blue", (30, 30, 220))):
        (folder / label).mkdir(parents=True)
        for i in range(5):
            noisy = np.clip(np.array(colour) + rng.integers(-20, 20, (8, 8, 3)), 0, 255)
            Image.fromarray(noisy.astype(np.uint8)).save(folder / label / f"{i}.png")
    for i in range(2):
        Image.new("RGB", (8, 8), (99 + i, 100, 100)).save(folder / f"grey{i}.png")
    return folder
