"""The collectors of top images and of the channel matrix, on arrays worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.engines.values import Value
from core.errors import AppError
from core.images.prepared import PreparedImage
from core.measures.measure import ChannelPeaks, Pool, PositiveShare
from core.surveys.channel_matrix import (
    ChannelMatrixCollector,
    ChannelRows,
    columns_of,
    read_table,
    stored_columns,
)
from core.surveys.feature_files import write_features
from core.surveys.part_files import PartFiles
from core.surveys.passes import Results
from core.surveys.top_images import TopImagesCollector

FC, MAPS = Value("fc", "fc"), Value("conv", "conv")
PATHS = [Path(f"{number}.jpg") for number in range(6)]
NUMBERS = {path: number for number, path in enumerate(PATHS)}
PICTURE = np.zeros((3, 4, 6), np.float32)


def batch(*numbers: int) -> list[PreparedImage]:
    return [PreparedImage(PATHS[number], PICTURE, (6, 4)) for number in numbers]


def results(value: Value, activation: list[object] | np.ndarray) -> Results:
    array = np.array(activation, np.float32)
    return {(value, one): one.of(array) for one in (ChannelPeaks(), Pool("gap"), PositiveShare())}


def test_the_greatest_and_the_least_of_each_channel() -> None:
    collector = TopImagesCollector([FC], NUMBERS, 3)
    collector.take(batch(0, 1), results(FC, [[1, 5], [2, 5]]))
    collector.take(batch(2, 3, 4), results(FC, [[4, 5], [-1, 7], [2, np.nan]]))
    (found,) = collector.found()
    assert found.greatest.of(0) == [(2, 4, 0), (1, 2, 0), (4, 2, 0)]
    assert found.greatest.of(1) == [(3, 7, 0), (0, 5, 0), (1, 5, 0)]
    assert found.least.of(0) == [(3, -1, 0), (0, 1, 0), (1, 2, 0)]
    assert found.least.of(1) == [(0, 5, 0), (1, 5, 0), (2, 5, 0)]


def test_the_order_of_passes_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 3, (6, 40)).astype(np.float32)
    found = []
    for order in ([[0, 1], [2, 3], [4, 5]], [[5, 2, 0], [4], [3, 1]], [[5, 4, 3, 2, 1, 0]]):
        collector = TopImagesCollector([FC], NUMBERS, 4)
        for numbers in order:
            collector.take(batch(*numbers), results(FC, values[numbers]))
        found.append(collector.found()[0])
    for channel in range(40):
        wanted = sorted(range(6), key=lambda i: (-values[i, channel], i))[:4]
        least = sorted(range(6), key=lambda i: (values[i, channel], i))[:4]
        for one in found:
            assert [image for image, _, _ in one.greatest.of(channel)] == wanted
            assert [image for image, _, _ in one.least.of(channel)] == least


def test_places_and_fewer_images_than_asked_for() -> None:
    collector = TopImagesCollector([MAPS], NUMBERS, 5)
    collector.take(batch(0, 1), results(MAPS, [[[[0, 3], [1, 0]]], [[[0, -2], [0, 9]]]]))
    (found,) = collector.found()
    assert found.greatest.of(0) == [(1, 9, 3), (0, 3, 1)]
    assert found.least.of(0) == [(1, -2, 1), (0, 0, 0)]
    assert collector.pictures == {0: (3, 4, 6), 1: (3, 4, 6)}


def test_what_it_holds_does_not_grow_with_the_images() -> None:
    collector = TopImagesCollector([FC], NUMBERS, 24)
    collector.take(batch(0), results(FC, np.zeros((1, 100))))
    held = collector.n_bytes
    for number in range(1, 6):
        collector.take(batch(number), results(FC, np.full((1, 100), number)))
    assert collector.n_bytes == held == 100 * 24 * 40


def test_rows_that_are_no_images_are_refused() -> None:
    collector = TopImagesCollector([FC], NUMBERS)
    with pytest.raises(AppError, match="gives 3 rows for 2 images"):
        collector.take(batch(0, 1), results(FC, np.zeros((3, 4))))
    collector.take(batch(0), results(FC, np.zeros((1, 4))))
    with pytest.raises(AppError, match="other channels"):
        collector.take(batch(1), results(FC, np.zeros((1, 5))))
    with pytest.raises(AppError, match="one or more"):
        TopImagesCollector([FC], NUMBERS, 0)


def matrix_of(
    folder: Path, value: Value, arrays: list[np.ndarray], *, is_vector: bool
) -> PartFiles:
    """The parts after these passes, one image each."""
    parts = PartFiles(folder / "kept", len(columns_of(is_vector=is_vector)), "request")
    names = {path: str(path) for path in PATHS}
    rows = ChannelRows(
        value, lambda shape: (1, 2, shape[1] // 2, shape[2] // 2), is_vector=is_vector
    )
    collector = ChannelMatrixCollector([rows], parts, names)
    for number, array in enumerate(arrays, start=len(parts.images)):
        collector.take(batch(number), results(value, array[None]))
    return parts


def test_a_matrix_goes_on_where_it_stood(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    maps = np.maximum(rng.integers(-4, 5, (4, 2, 2, 3)), 0).astype(np.float32)
    maps[1, 0], maps[1, 0, 1, 2] = 0, 8
    maps[2, 0] += 1  # its least is not 0
    maps[3, 0, 0, 1] = -2
    maps[:, 1] = 0
    matrix_of(tmp_path, MAPS, list(maps[:3]), is_vector=False).close()
    parts = matrix_of(tmp_path, MAPS, [maps[3]], is_vector=False)
    columns = stored_columns(parts, columns_of(is_vector=False))
    out = tmp_path / "kept"
    write_features(out, columns, {"images": parts.images}, {})
    parts.remove()
    table = read_table(out, MAPS, [str(path) for path in PATHS[:4]])
    np.testing.assert_array_equal(table.cells("maximum"), maps.max((2, 3)))
    np.testing.assert_allclose(table.cells("mean"), maps.mean((2, 3)), rtol=1e-6)
    np.testing.assert_allclose(table.cells("positive"), (maps > 0).mean((2, 3)), rtol=1e-6)
    assert table.is_dead.tolist() == [False, True]
    assert table.place(1, 0) == (1, 2)
    best = table.top_images(0, 2)
    assert best.of(0)[0] == (1, 8.0, 5)
    least = table.top_images(0, 4, is_least=True).of(0)
    flat = maps[:, 0].reshape(4, 6)
    wanted = sorted((float(row.min()), number) for number, row in enumerate(flat))
    assert [(value, number) for number, value, _ in least] == wanted
    assert [at for number, _, at in least] == [int(flat[n].argmin()) for _, n in wanted]
    assert (table.n_images, table.n_channels, table.is_vector) == (4, 2, False)


def test_a_vector_is_kept_as_one_column(tmp_path: Path) -> None:
    rows = np.array([[1, -2, 0], [3, 4, 0]], np.float32)
    parts = matrix_of(tmp_path, FC, list(rows), is_vector=True)
    write_features(tmp_path / "kept", stored_columns(parts, columns_of(is_vector=True)), {}, {})
    parts.remove()
    table = read_table(tmp_path / "kept", FC, ["0.jpg", "1.jpg"])
    for summary in ("maximum", "mean"):
        np.testing.assert_array_equal(table.cells(summary), rows)
    np.testing.assert_array_equal(table.cells("positive"), [[1, 0, 0], [1, 1, 0]])
    assert table.place(0, 0) == ()
    assert table.is_dead.tolist() == [False, False, True]
    assert table.top_images(1, 5, is_least=True).of(0) == [(0, -2.0, 0), (1, 4.0, 0)]


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    parts = matrix_of(tmp_path, FC, [np.ones(3, np.float32)], is_vector=True)
    write_features(tmp_path / "kept", stored_columns(parts, columns_of(is_vector=True)), {}, {})
    parts.remove()
    with pytest.raises(AppError, match="damaged"):
        read_table(tmp_path / "kept", FC, ["0.jpg", "1.jpg"])
    (tmp_path / "kept" / "maximum.npy").write_bytes(b"rubbish")
    with pytest.raises(AppError, match="damaged"):
        read_table(tmp_path / "kept", FC, ["0.jpg"])
