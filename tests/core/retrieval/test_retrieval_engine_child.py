"""Indexing with an engine in a real child process, which gets killed on the way."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineSpec
from core.engines.registry import start_engine
from core.errors import EngineCrashed
from core.images.preprocess import Preprocess
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe, text_sha256
from core.retrieval.gallery import open_gallery
from core.retrieval.indexing import index_folder
from tests.core.retrieval.describers import describer

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
def conv_recipe() -> DescriptorRecipe:
    """GAP of conv's own output, which relu overwrites in place."""
    recipe = Preprocess("warp", 8, 8, mean=(128.0,))
    return DescriptorRecipe("conv", "conv", "gap", 3.0, recipe, text_sha256(NET), "filler 0")


def test_killed_child_and_resumed_index(
    tmp_path: Path, pictures: Path, conv_recipe: DescriptorRecipe
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    with start_engine(FAKE) as process:
        run_job(
            index_folder(
                describer(process.open(NET, None), conv_recipe, NET), pictures, whole, batch_size=3
            )
        )
    with start_engine(FAKE) as process:
        job = index_folder(
            describer(process.open(NET, None), conv_recipe, NET), pictures, cut, batch_size=3
        )
        while next(job).done < 6:
            pass
        assert process.pid is not None
        os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        with pytest.raises(EngineCrashed):
            run_job(job)
    assert len(open_gallery(cut)) == 6
    with start_engine(FAKE) as process:
        engine = process.open(NET, None)
        report = run_job(
            index_folder(describer(engine, conv_recipe, NET), pictures, cut, batch_size=3)
        )
        assert (report.n_kept, report.n_added, report.dimension) == (6, 6, 6)
        query = pictures / "red" / "1.png"
        ranking = describer(engine, conv_recipe, NET).search(open_gallery(cut), query, k=1)
    first, second = open_gallery(whole), open_gallery(cut)
    assert [image.path for image in first.images] == [image.path for image in second.images]
    np.testing.assert_array_equal(first.descriptors, second.descriptors)
    assert second.images[int(ranking.index[0])].path == "red/1.png"
    assert ranking.score[0] == pytest.approx(1.0)


def test_in_place_layers_and_their_own_values(
    tmp_path: Path, pictures: Path, conv_recipe: DescriptorRecipe
) -> None:
    with start_engine(FAKE) as process:
        engine = process.open(NET, None)
        for layer in ("conv", "relu"):
            recipe = replace(conv_recipe, layer=layer)
            run_job(index_folder(describer(engine, recipe, NET), pictures, tmp_path / layer))
        fc = replace(conv_recipe, layer="fc", top="fc", pooling="gem")
        report = run_job(index_folder(describer(engine, fc, NET), pictures, tmp_path / "fc"))
    assert open_gallery(tmp_path / "conv").descriptors.min() < 0
    assert open_gallery(tmp_path / "relu").descriptors.min() >= 0
    assert report.dimension == 5
    assert "every pooling is flatten" in report.notes[0]
    assert open_gallery(tmp_path / "fc").descriptors.min() < 0
