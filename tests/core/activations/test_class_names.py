"""Class names and the best classes of a net's scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.activations.class_names import (
    FoundNames,
    best_classes,
    find_class_names,
    read_class_names,
)
from core.errors import AppError


def test_wordnet_ids_and_quotes_go(tmp_path: Path) -> None:
    path = tmp_path / "synset_words.txt"
    path.write_text("'n01440764 tench, Tinca tinca'\n'n01443537 goldfish'\n\n")
    assert read_class_names(path) == ("tench, Tinca tinca", "goldfish")


def test_names_that_only_look_like_ids_stay(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("n01440764 tench\ncat\n")
    assert read_class_names(path) == ("n01440764 tench", "cat")


def test_a_file_with_the_right_number_of_lines_is_found(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a\nb\n")
    (tmp_path / "class_names.txt").write_text("a\nb\nc\n")
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    assert find_class_names([tmp_path], 2) == FoundNames(("cat", "dog"))
    assert find_class_names([tmp_path], 4) == FoundNames()


def test_what_lies_beside_and_can_not_be_read_is_left_out_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "a_labels.txt").write_bytes("größe\n".encode("latin-1"))
    (tmp_path / "b_labels.txt").symlink_to("nowhere")
    (tmp_path / "c_labels.txt").mkdir()
    with (tmp_path / "d_labels.txt").open("wb") as file:
        file.truncate(5 << 30)
    (tmp_path / "e_labels.txt").write_text("cat\ndog\n")
    found = find_class_names([tmp_path], 2)
    assert found.names == ("cat", "dog")
    reasons = ("not UTF-8", "No such file", "it is a folder", "larger than 4 MB")
    for note, letter, reason in zip(found.notes, "abcd", reasons, strict=True):
        assert note.startswith(f"{letter}_labels.txt beside the net is left out.")
        assert reason in note


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"The class names .* can't be read"):
        read_class_names(tmp_path / "gone.txt")


def test_softmax_of_raw_scores_by_hand() -> None:
    scores = np.log(np.array([[1.0, 3.0, 4.0]])).reshape(1, 3, 1, 1)
    ((first, second),) = best_classes(scores, ("a", "b", "c"), are_probabilities=False, n_best=2)
    assert (first.name, first.number) == ("c", 2)
    assert first.score == pytest.approx(0.5)
    assert (second.name, second.score) == ("b", pytest.approx(0.375))


def test_equal_probabilities_keep_the_order_of_the_classes() -> None:
    (best,) = best_classes(np.full((1, 4), 0.25), (), are_probabilities=True, n_best=3)
    assert [scored.name for scored in best] == ["class 0", "class 1", "class 2"]
