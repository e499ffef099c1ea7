"""Which recipes give descriptors that can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.engines.base import EngineSpec
from core.errors import GalleryError
from core.images.preprocess import Preprocess
from core.net.definition import NetState
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe, find_difference
from core.retrieval.indexing import index_folder
from tests.core.retrieval.describers import describer

OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"net_sha256": "x"}, "The prototxt is another one than the gallery was made with."),
    ({"weights_sha256": "x"}, "The weights are others than the gallery was made with."),
    ({"layer": "fc"}, "The layer is conv in the gallery and fc here."),
    ({"pooling": "gem"}, "The pooling is gap in the gallery and gem here."),
    ({"precision": "bfloat16"}, "The precision is float32 in the gallery and bfloat16 here."),
    ({"state": NetState("TRAIN")}, "The phase is TEST in the gallery and TRAIN here."),
    ({"state": NetState(level=2)}, "The level is 0 in the gallery and 2 here."),
    (
        {"state": NetState(stages=("b", "a"))},
        "The set of stages is empty in the gallery and a b here.",
    ),
    (
        {"engine_options": (("accumulate", "bfloat16"),)},
        "The set of engine options is empty in the gallery and accumulate=bfloat16 here.",
    ),
    ({"is_batched": False}, "The way of images is together in the gallery and one at a time here."),
    ({"preprocess": Preprocess("warp", 8, 9)}, "Preprocessing: height is 8 in the gallery and 9"),
]
SAME: list[dict[str, Any]] = [
    {},
    {"p": 5.0},
    {"engine_options": ()},
    {"state": NetState(stages=())},
]


@pytest.mark.parametrize(("change", "sentence"), OTHERS)
def test_what_changes_descriptors(
    recipe: DescriptorRecipe, change: dict[str, Any], sentence: str
) -> None:
    other = replace(recipe, **change)
    assert (find_difference(recipe, other) or "").startswith(sentence)
    assert other.digest != recipe.digest
    assert DescriptorRecipe.from_json(other.to_json()) == other


@pytest.mark.parametrize("change", SAME)
def test_what_does_not(recipe: DescriptorRecipe, change: dict[str, Any]) -> None:
    other = replace(recipe, **change)
    assert find_difference(recipe, other) is None
    assert other.digest == recipe.digest


def test_the_order_of_stages_does_not_count(recipe: DescriptorRecipe) -> None:
    one, other = (replace(recipe, state=NetState(stages=s)) for s in (("a", "b"), ("b", "a")))
    assert find_difference(one, other) is None
    assert one.digest == other.digest


def test_recipes_of_before_are_of_float32_and_test(recipe: DescriptorRecipe) -> None:
    added = ("phase", "level", "stages", "precision", "engine_options", "batched")
    old = {key: value for key, value in recipe.to_json().items() if key not in added}
    assert DescriptorRecipe.from_json(old) == recipe
    for damage in (
        {"engine_options": 3},
        {"level": "deep"},
        {"stages": 5},
        {"layer": None, "p": 0},
    ):
        with pytest.raises(GalleryError, match="can't be read"):
            DescriptorRecipe.from_json({**recipe.to_json(), **damage})


def test_what_engines_are_told_that_counts() -> None:
    plain = EngineSpec("torch", options=(("threads", "2"),))
    assert (plain.precision, plain.value_options) == ("float32", ())
    coarse = EngineSpec("torch", options=(("x", "1"), ("precision", "bfloat16"), ("a", "2")))
    assert (coarse.precision, coarse.value_options) == ("bfloat16", (("a", "2"), ("x", "1")))


@pytest.mark.parametrize("change", [{"precision": "bfloat16"}, {"state": NetState("TRAIN")}])
def test_both_are_never_mixed_in_a_gallery(
    tmp_path: Path,
    pictures: Path,
    recipe: DescriptorRecipe,
    stub_engine: Callable[..., Any],
    change: dict[str, Any],
) -> None:
    run_job(index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "g"))
    engine = stub_engine()
    with pytest.raises(GalleryError, match=re.escape("made with another recipe")):
        run_job(
            index_folder(describer(engine, replace(recipe, **change)), pictures, tmp_path / "g")
        )
    assert engine.batches == []


def test_the_line_says_what_is_unusual(recipe: DescriptorRecipe) -> None:
    assert recipe.describe().startswith("conv (conv), gap, L2; ")
    unusual = replace(
        recipe, precision="bfloat16", state=NetState("TRAIN", 3, ("s",)), is_batched=False
    )
    ran = "bfloat16, phase TRAIN, level 3, stage s, one image at a time"
    assert f"L2, {ran}; " in unusual.describe()
