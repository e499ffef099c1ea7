"""Inputs of `extract`: raw arrays for any input blobs, images in batches of one size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.commands.command_line import UsageError
from core.commands.extract_inputs import array_batches, image_batches
from core.errors import AppError, ImageError

ONE_INPUT = {"data": (10, 3, 4, 5)}


def saved(path: Path, array: np.ndarray) -> str:
    np.save(path, array)
    return str(path)


def test_an_array_goes_in_as_it_is_in_batches(tmp_path: Path) -> None:
    array = np.arange(5 * 3 * 4 * 5, dtype=np.float32).reshape(5, 3, 4, 5)
    word = saved(tmp_path / "x.npy", array)
    batches = list(array_batches([word], ONE_INPUT, 2))
    assert [len(batch.inputs["data"]) for batch in batches] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([b.inputs["data"] for b in batches]), array)
    assert batches[2].names == (f"{word}[4]",)


def test_an_array_without_the_batch_axis_is_one_image(tmp_path: Path) -> None:
    word = "data=" + saved(tmp_path / "x.npy", np.zeros((3, 4, 5)))
    (batch,) = array_batches([word], ONE_INPUT, 8)
    assert batch.inputs["data"].shape == (1, 3, 4, 5)
    assert batch.inputs["data"].dtype == np.float32


def test_every_input_must_be_fed(tmp_path: Path) -> None:
    word = "a=" + saved(tmp_path / "x.npy", np.zeros((1, 2)))
    with pytest.raises(UsageError, match="missing for input b"):
        array_batches([word], {"a": (1, 2), "b": (1, 2)}, 8)


@pytest.mark.parametrize("word", ["label=x.npy", "nothing=here.npy"])
def test_a_blob_that_is_no_input_is_named(word: str) -> None:
    with pytest.raises(UsageError, match="is no input of the net"):
        array_batches([word], ONE_INPUT, 8)


def test_two_inputs_of_unlike_batch_go_in_one_pass(tmp_path: Path) -> None:
    words = [
        "data=" + saved(tmp_path / "x.npy", np.zeros((4, 3, 4, 5))),
        "im_info=" + saved(tmp_path / "i.npy", np.zeros((1, 3))),
    ]
    (batch,) = array_batches(words, {**ONE_INPUT, "im_info": (1, 3)}, 2)
    assert len(batch.inputs["data"]) == 4


@pytest.mark.parametrize(
    "array",
    [np.zeros((1, 4, 4, 5)), np.zeros(7), np.zeros((0, 3, 4, 5)), np.array(["a"])],
    ids=["channels", "axes", "empty", "text"],
)
def test_an_array_that_does_not_fit_is_a_sentence(tmp_path: Path, array: np.ndarray) -> None:
    word = saved(tmp_path / "x.npy", array)
    with pytest.raises(AppError, match=r"x\.npy"):
        array_batches([word], ONE_INPUT, 8)


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(AppError, match="Can't read an array"):
        array_batches([str(tmp_path / "x.npy")], ONE_INPUT, 8)


def test_images_of_another_size_get_a_pass_of_their_own(tmp_path: Path) -> None:
    sizes = [(5, 4), (5, 4), (5, 4), (6, 4)]
    for i, size in enumerate(sizes):
        Image.new("RGB", size, (i, 0, 0)).save(tmp_path / f"{i}.png")
    batches, said = image_batches([tmp_path], "original", tmp_path / "n.prototxt", ONE_INPUT, 2)
    shapes = [batch.inputs["data"].shape for batch in batches]
    assert shapes == [(2, 3, 4, 5), (1, 3, 4, 5), (1, 3, 4, 6)]
    assert said.startswith("original size")


def test_a_net_without_a_picture_input_says_so(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="--array"):
        image_batches([tmp_path], None, tmp_path / "n.prototxt", {"data": (1, 10)}, 2)


def test_a_preset_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fits no preset"):
        image_batches([tmp_path], "nosuch", tmp_path / "n.prototxt", ONE_INPUT, 2)
