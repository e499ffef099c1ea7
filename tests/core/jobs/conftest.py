"""A small net, pictures for it, and a host of the fake engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec

FAKE = EngineSpec("fake")
NET = """
name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 6 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 5 } }
"""


@pytest.fixture
def host() -> Iterator[EngineHost]:
    """Children of the fake engine, ended with the test."""
    with EngineHost() as made:
        yield made


@pytest.fixture
def net(tmp_path: Path) -> NetToRun:
    """The small net in the fake engine."""
    return NetToRun(NET, tmp_path / "net.prototxt", engine=FAKE)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Twenty pictures of noise."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number in range(20):
        noise = rng.integers(0, 255, (9, 10, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number:02}.png")
    return folder
