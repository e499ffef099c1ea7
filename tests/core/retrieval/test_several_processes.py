"""Several processes that change one gallery at once: none spoils what another wrote."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import GalleryError
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.indexing import index_folder
from tests.core.retrieval.conftest import StubEngine
from tests.core.retrieval.describers import describer

N_PROCESSES = 3


def test_a_gallery_that_another_made_meanwhile_stays(
    tmp_path: Path, recipe: DescriptorRecipe
) -> None:
    """Whoever saw no gallery and comes second to make it must not begin it anew."""
    first, second = GalleryStore(tmp_path / "gallery"), GalleryStore(tmp_path / "gallery")
    assert not second.exists
    first.create(recipe, tmp_path)
    a, b = (StoredImage(f"{name}.jpg", "x", 8, 6, FileStamp(10, 20)) for name in "ab")
    first.add([a], np.array([[1, 2]], np.float32))
    with pytest.raises(GalleryError, match="pooling"):
        second.create(replace(recipe, pooling="mac"), tmp_path)
    second.create(recipe, tmp_path)
    second.add([b], np.array([[3, 4]], np.float32))
    found = second.read()
    rows = {image.path: found.stored[image.row].tolist() for image in found.images}
    assert rows == {"a.jpg": [1, 2], "b.jpg": [3, 4]}


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("further", [(), ("mac", "crow")], ids=["index", "sweep"])
def test_processes_that_index_one_folder_at_once(
    tmp_path: Path,
    pictures: Path,
    recipe: DescriptorRecipe,
    stub_engine: Callable[..., Any],
    further: tuple[str, ...],
) -> None:
    out, alone = tmp_path / "gallery", tmp_path / "alone"
    others = [replace(recipe, pooling=pooling) for pooling in further]
    run_job(index_folder(describer(stub_engine(), recipe), pictures, alone, others=others))
    fork = multiprocessing.get_context("fork")
    begins = fork.Barrier(N_PROCESSES)

    class Together(StubEngine):
        """Waits for the others before its first batch: all of them have planned all images."""

        def measure(self, inputs: Any, wants: Any) -> Any:
            if not self.batches:
                begins.wait(60)
            return super().measure(inputs, wants)

    def index() -> None:
        made = describer(Together(), recipe)
        run_job(index_folder(made, pictures, out, batch_size=2, others=others))

    at_work = [fork.Process(target=index) for _ in range(N_PROCESSES)]
    for process in at_work:
        process.start()
    for process in at_work:
        process.join(60)
    assert [process.exitcode for process in at_work] == [0] * N_PROCESSES
    found, wanted = open_gallery(out), open_gallery(alone)
    assert found.progress.is_finished
    assert [image.path for image in found.images] == [image.path for image in wanted.images]
    np.testing.assert_array_equal(found.descriptors, wanted.descriptors)
    assert run_job(GalleryStore(out).find_row_faults()).is_sound
    for number in range(1, len(others) + 1):
        of_both = (one.representation(number).descriptors for one in (found, wanted))
        np.testing.assert_array_equal(*of_both)
