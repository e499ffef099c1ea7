"""Extraction of more than fits into memory or on the disk."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.commands import extract as extract_command
from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError
from core.jobs.extract import ExtractRequest, extract
from core.progress import run_job

N_IMAGES = 192
N_BYTES = N_IMAGES * 16 * 48 * 48 * 4
NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 50 dim: 50 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 16 kernel_size: 3 } }
"""


@pytest.fixture
def host() -> Iterator[EngineHost]:
    with EngineHost() as made:
        yield made


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(N_IMAGES):
        Image.new("RGB", (50, 50), (number, 80, 90)).save(folder / f"{number:03}.png")
    return folder


def request_of(pictures: Path, out: str) -> ExtractRequest:
    net = NetToRun(NET, pictures.parent / "net.prototxt", engine=EngineSpec("fake"))
    return ExtractRequest(net, "conv", pictures.parent / out, images=(pictures,))


@pytest.mark.parametrize("out", ["o.npz", "o.h5", "o"])
def test_memory_does_not_grow_with_the_images(host: EngineHost, pictures: Path, out: str) -> None:
    """reports/extract_memory: all was held until the end, and then twice."""
    tracemalloc.start()
    try:
        found = run_job(extract(request_of(pictures, out), host))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.arrays["conv"] == (N_IMAGES, 16, 48, 48)
    assert peak < N_BYTES / 2


def test_a_full_disk_is_said_before_the_first_pass(
    host: EngineHost, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=8_000_000))
    job = extract(request_of(pictures, "o.npz"), host)
    with pytest.raises(AppError, match=r"take 0\.0 GB, and as much again .* 0\.0 GB are free"):
        next(job)
    assert not (pictures.parent / "o.npz").exists()


def test_too_little_memory_is_a_sentence(
    command, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(request: object, host: object) -> object:
        raise MemoryError

    monkeypatch.setattr(extract_command, "extract", fail)
    net = pictures.parent / "net.prototxt"
    net.write_text(NET)
    words = ("--net", net, "--images", pictures, "--layers", "conv")
    said = command("extract", *words, "--out", pictures.parent / "o.npz")
    assert said.code == 1
    assert said.err.startswith("There is not enough memory")


def test_parts_are_the_values_themselves(host: EngineHost, pictures: Path) -> None:
    """Streamed, the file holds what one array in memory would."""
    run_job(extract(request_of(pictures, "o.npz"), host))
    run_job(extract(request_of(pictures, "o"), host))
    with np.load(pictures.parent / "o.npz") as file:
        in_one = file["conv"]
    np.testing.assert_array_equal(np.load(pictures.parent / "o" / "conv.npy"), in_one)
