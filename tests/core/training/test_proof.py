"""What a proof says of two sweeps: gains, losses, chance, and what it does not know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.errors import GalleryError
from core.reports.proof_report import write_proof_report
from core.retrieval.sweep_file import OpenedSweep, StoredRow, StoredSweep
from core.training.proof import prove
from core.training.split import Split

QUERIES = tuple(f"{label}/{i}.jpg" for label in ("cats", "dogs") for i in range(20))
LABELS = {file: file.partition("/")[0] for file in QUERIES}


def sweep(rows: dict[tuple[str, str, str], Sequence[float]], queries: Sequence[str] = QUERIES):
    stored = tuple(
        StoredRow(
            layer=layer, top=layer, pooling=pooling, after=after, dimension=4,
            mAP=float(np.mean(values)), mAP_95=(0.0, 1.0), p_at_1=0.5, p_at_10=0.5,
            n_queries=len(queries), n_ties=0, sparsity=0.0, effective_rank=1.0, hubness=0.0,
        )
        for (layer, pooling, after), values in rows.items()
    )  # fmt: skip
    return OpenedSweep(
        StoredSweep("", "folders", tuple(queries), stored),
        np.array(list(rows.values()), np.float32),
    )


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(3).uniform(0.3, 0.7, len(QUERIES))


def test_a_gain_is_told_with_its_interval_classes_and_queries(values: np.ndarray) -> None:
    gain = np.concatenate([np.full(20, 0.2), np.full(20, 0.02)])
    gain[3] = 0.29
    before = sweep({("fc", "gap", "l2"): values, ("conv", "gap", "l2"): values - 0.2})
    after = sweep({("fc", "gap", "l2"): values + gain, ("conv", "gap", "l2"): values - 0.2})
    proof = prove(before, after, LABELS)
    first, second = proof.rows
    assert (first.layer, second.layer) == ("fc", "conv")
    assert first.difference.mean == pytest.approx(gain.mean(), abs=1e-6)
    assert first.difference.low < gain.mean() < first.difference.high
    assert second.is_unchanged
    assert second.p_corrected == 1.0
    assert first.p_corrected < 0.001  # one test: where nothing changed there is none
    assert proof.sentence.startswith("fc, GAP, L2 finds more: mAP ")
    assert "p < 0.001 corrected for 1 test)" in proof.sentence
    assert [row[0] for row in proof.classes] == ["cats", "dogs"]
    assert proof.classes[0][2] - proof.classes[0][1] == pytest.approx(gain[:20].mean(), abs=1e-6)
    assert proof.queries[0].file == "cats/3.jpg"


def test_worse_is_said(values: np.ndarray) -> None:
    before = sweep({("fc", "gap", "l2"): values, ("conv", "gap", "l2"): values + 0.1})
    after = sweep({("fc", "gap", "l2"): values - 0.1, ("conv", "gap", "l2"): values - 0.05})
    proof = prove(before, after, LABELS)
    assert proof.sentence.startswith("conv, GAP, L2 finds less: mAP ")
    assert any("2 of 2 representations find less than before" in one for one in proof.caveats)


def test_what_is_lost_of_the_best_is_said_though_another_layer_gained(values: np.ndarray) -> None:
    before = sweep({("fc", "gap", "l2"): values, ("conv", "gap", "l2"): values + 0.25})
    after = sweep({("fc", "gap", "l2"): values + 0.1, ("conv", "gap", "l2"): values - 0.2})
    assert "nothing is as good now" in prove(before, after, LABELS).sentence


def test_noise_is_called_chance(values: np.ndarray) -> None:
    noise = np.random.default_rng(5).normal(0, 0.05, len(QUERIES))
    noise -= noise.mean() - 0.001
    proof = prove(
        sweep({("fc", "gap", "l2"): values}), sweep({("fc", "gap", "l2"): values + noise}), LABELS
    )
    assert "may have changed by chance alone" in proof.sentence


def test_nothing_that_changed_is_said_to_find_the_same(values: np.ndarray) -> None:
    same = sweep({("fc", "gap", "l2"): values})
    assert "finds what it found before" in prove(same, same, LABELS).sentence


def test_layers_that_were_renamed_and_fits_of_other_sizes_are_paired(values: np.ndarray) -> None:
    before = sweep({("fc8", "flatten", "l2"): values, ("conv", "gap", "pca-whiten:12"): values})
    after = sweep({("fc8_new", "flatten", "l2"): values, ("conv", "gap", "pca-whiten:9"): values})
    proof = prove(before, after, LABELS, renamed={"fc8": "fc8_new"})
    assert {(row.layer, row.after_layer) for row in proof.rows} == {
        ("fc8", "fc8_new"),
        ("conv", "conv"),
    }
    assert len(prove(before, after, LABELS).rows) == 1


def test_p_is_corrected_for_the_number_of_tests(values: np.ndarray) -> None:
    steps = {
        f"l{i}": values + 0.03 * np.random.default_rng(i).normal(0.3, 1, len(QUERIES))
        for i in range(6)
    }
    before = sweep({(name, "gap", "l2"): values for name in steps})
    after = sweep({(name, "gap", "l2"): found for name, found in steps.items()})
    rows = sorted(prove(before, after, LABELS).rows, key=lambda row: row.difference.p)
    assert rows[0].p_corrected == pytest.approx(min(1.0, 6 * rows[0].difference.p))
    assert rows[1].p_corrected >= rows[0].p_corrected
    assert rows[1].p_corrected >= min(1.0, 5 * rows[1].difference.p) - 1e-12


def test_what_the_training_saw_is_said(values: np.ndarray) -> None:
    same = sweep({("fc", "gap", "l2"): values})
    split = Split("/x", ("cats", "horses"), dict.fromkeys(QUERIES[:20], "cats"),
                  {"train": QUERIES[:4], "val": (), "test": ()}, (1.0, 0.0, 0.0), 1)  # fmt: skip
    caveats = prove(same, same, LABELS, split=split).caveats
    assert any(
        one.startswith("4 of 40 queries are images that the net was trained on") for one in caveats
    )
    assert any("1 class was never seen in training: dogs." in one for one in caveats)
    assert "is not known here" in prove(same, same, LABELS).caveats[0]


def test_sweeps_of_other_images_are_refused(values: np.ndarray) -> None:
    other = sweep({("fc", "gap", "l2"): values}, [f"x{i}" for i in range(40)])
    with pytest.raises(GalleryError, match="no query in common"):
        prove(sweep({("fc", "gap", "l2"): values}), other, LABELS)
    with pytest.raises(GalleryError, match="no representation in common"):
        prove(sweep({("a", "gap", "l2"): values}), sweep({("b", "gap", "l2"): values}), LABELS)


def test_the_report_is_one_file_that_fetches_nothing(values: np.ndarray, tmp_path: Path) -> None:
    before = sweep({("<i>fc", "gap", "l2"): values, ("conv", "gap", "l2"): values})
    after = sweep({("<i>fc", "gap", "l2"): values + 0.1, ("conv", "gap", "l2"): values})
    write_proof_report(prove(before, after, LABELS), (), tmp_path, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "&lt;i&gt;fc, GAP, L2 finds more" in page
    assert "<i>fc" not in page
    assert page.count("<svg") == 1
    assert not re.search(r"https?://|src=\"(?!data:)|url\(", page)


SPLIT = Split(
    "/images", ("cats", "dogs"), {file: LABELS[file] for file in QUERIES if "dogs/19" not in file},
    {"train": QUERIES[:30], "val": QUERIES[30:36], "test": QUERIES[36:39]}, (0.7, 0.15, 0.15), 1,
)  # fmt: skip


def test_only_what_was_held_back_from_training_counts(values: np.ndarray) -> None:
    one = sweep({("fc", "gap", "l2"): values})
    proof = prove(one, one, LABELS, split=SPLIT, of="held back")
    assert {query.file for query in proof.queries} == set(QUERIES[36:39])
    assert any("holds the training images, too" in words for words in proof.caveats)
    assert not any("are images that the net was trained on" in words for words in proof.caveats)


def test_without_a_test_part_it_is_val() -> None:
    split = Split(
        SPLIT.root, SPLIT.classes, SPLIT.labels, {**SPLIT.parts, "test": ()}, SPLIT.shares, 1
    )
    one = sweep({("fc", "gap", "l2"): np.linspace(0.1, 0.9, len(QUERIES))})
    proof = prove(one, one, LABELS, split=split, of="held back")
    assert {query.file for query in proof.queries} == set(QUERIES[30:36])


def test_new_classes_are_those_that_the_split_does_not_have(values: np.ndarray) -> None:
    labels = {**LABELS, QUERIES[5]: "owls"}
    one = sweep({("fc", "gap", "l2"): values})
    proof = prove(one, one, labels, split=SPLIT, of="new classes")
    assert [query.file for query in proof.queries] == [QUERIES[5]]
    with pytest.raises(GalleryError, match="no image of a class that training did not see"):
        prove(one, one, LABELS, split=SPLIT, of="new classes")
