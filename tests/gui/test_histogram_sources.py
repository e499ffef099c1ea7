"""The histogram of Values over a folder, over other kept statistics, and against the image."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.activations.spreads import of_moments
from core.engines.values import Value
from core.measures.measure import CellCounts, ChannelRange, Moments
from core.surveys.statistics_file import KeptStatistics, SeenImage, save_statistics
from gui.pages.layer_views import BOTH, FOLDER, IMAGE, TILES
from tests.gui.test_all_layers import NET, settle

VALUES = np.array([[-2.0, -1.0, 0.0, 0.0, 0.5, 3.0]], np.float32)
"""Of fc8 in a file."""


@pytest.fixture
def shown(bench, qtbot, tmp_path: Path, photos: Path):
    """The view of Values of relu1 with a folder that nothing is read of."""
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net, photos / "red" / "0.png"])
    qtbot.waitUntil(lambda: bench.inspecting.can_run())
    bench.searching.state.choose_folder(photos)
    bench.searching.changed.emit()
    bench.window.show_page("layer")
    bench.document.select("relu1")
    settle(bench, qtbot)
    return bench


def panel_of(bench):
    return bench.window.panels.histogram


def over(bench, qtbot, key: str) -> None:
    bench.window.layer_page.view_bar.over.choose(key)
    settle(bench, qtbot)


def kept_file(path: Path, layer: str, top: str) -> Path:
    spread = of_moments(Moments().of(VALUES), ChannelRange().of(VALUES), CellCounts().of(VALUES))
    images = (SeenImage("a.png", 1, 1), SeenImage("b.png", 1, 1), SeenImage("c", 1, 1, "no image"))
    save_statistics(path, KeptStatistics("", {Value(layer, top): spread}, images, 1.0))
    return path


def test_the_folder_against_the_image_once_it_was_read(shown, qtbot) -> None:
    panel = panel_of(shown)
    assert [one.label for one in panel.view().series] == ["conv1 · conv1@0", "relu1 · conv1@1"]
    over(shown, qtbot, BOTH)
    assert panel.view() is None
    assert panel.empty_state.sentence == "Nothing of photos is read yet."
    assert panel.offer_line.isVisible()
    assert panel.offer_line.button.text().startswith("Read 18")
    panel.offer_line.button.click()
    settle(shown, qtbot)
    assert panel.offer_line.isHidden()
    a, b = panel.view().series
    assert (a.label, b.label) == (
        "relu1 · conv1@1, photos, 18 images",
        "relu1 · conv1@1, 0.png",
    )
    assert panel.legend.isVisible()
    assert panel.view().is_share
    np.testing.assert_array_equal(a.histogram.edges, b.histogram.edges)
    assert (a.statistics.n_values, b.statistics.n_values) == (18 * 4 * 6 * 6, 4 * 6 * 6)
    for one in (a, b):
        assert one.histogram.counts.sum() + one.statistics.n_zeros == one.statistics.n_values
    shown.window.layer_page.view_bar.over.choose(IMAGE)
    assert panel.view() is None  # what is drawn is not called the image's
    settle(shown, qtbot)
    assert [one.label for one in panel.view().series] == ["conv1 · conv1@0", "relu1 · conv1@1"]
    assert not panel.view().is_share
    assert panel.legend.isHidden()


def test_over_the_folder_alone_before_and_after_stay_a_pair(shown, qtbot) -> None:
    panel = panel_of(shown)
    over(shown, qtbot, FOLDER)
    shown.window.layer_page.view_bar.form.choose(TILES)
    settle(shown, qtbot)
    panel.offer_line.button.click()
    settle(shown, qtbot)
    a, b = panel.view().series
    assert (a.label, b.label) == (
        "conv1 · conv1@0, photos, 18 images",
        "relu1 · conv1@1, photos, 18 images",
    )
    assert a.statistics.minimum < 0 <= b.statistics.minimum
    assert not panel.view().is_share


def test_statistics_of_another_model_beside_the_image(shown, qtbot, user, tmp_path: Path) -> None:
    panel = panel_of(shown)
    shown.document.select("fc8")
    settle(shown, qtbot)
    user.files.append((kept_file(tmp_path / "other.npz", "fc8", "fc8"),))
    panel.bar.sources[1].file_wanted.emit()
    settle(shown, qtbot)
    a, b = panel.view().series
    assert (a.label, b.label) == ("fc8, 0.png", "fc8, other.npz, 2 images")
    assert (b.statistics.n_values, b.statistics.n_zeros) == (6, 2)
    assert b.statistics.minimum == -2
    edges = b.histogram.edges
    np.testing.assert_array_equal(a.histogram.edges, edges)
    wanted, _ = np.histogram(VALUES[VALUES != 0].astype(np.float64), edges)
    np.testing.assert_array_equal(b.histogram.counts, wanted)
    assert not panel.bar.copy_actions["command"].isEnabled()


def test_a_value_that_a_file_lacks_is_said_and_another_can_be_chosen(
    shown, qtbot, tmp_path: Path
) -> None:
    panel = panel_of(shown)
    shown.layer.sources.take_file(1, kept_file(tmp_path / "other.npz", "ip2", "ip2"))
    settle(shown, qtbot)
    said = "other.npz has no statistics of relu1 · conv1. Choose another value."
    assert panel.empty_state.sentence == said
    assert [one.words for one in panel.bar.b.rows_wanted()] == ["ip2"]
    assert len(panel.bar.a.rows_wanted()) == 4
    panel.bar.b.value_chosen.emit("ip2", "ip2")
    settle(shown, qtbot)
    assert [one.label for one in panel.view().series] == [
        "relu1 · conv1@1, 0.png",
        "ip2, other.npz, 2 images",
    ]


def test_a_damaged_file_changes_nothing(shown, qtbot, tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK nothing")
    before = panel_of(shown).view()
    shown.layer.sources.take_file(1, bad)
    settle(shown, qtbot)
    assert panel_of(shown).view() is before
    assert not panel_of(shown).is_elsewhere


def test_another_gallery_is_offered_where_it_was_read(
    shown, qtbot, photos: Path, tmp_path: Path
) -> None:
    panel = panel_of(shown)
    over(shown, qtbot, BOTH)
    panel.offer_line.button.click()
    settle(shown, qtbot)
    other = tmp_path / "others"
    shutil.copytree(photos / "red", other)
    shown.layer.sources._settings.add_recent("folders", photos)
    shown.searching.state.choose_folder(other)
    shown.searching.changed.emit()
    settle(shown, qtbot)
    names = [one.name for one in panel._offered]
    assert names == ["This image", "others", "photos"]
    panel.choose_source(0, panel._offered[2].key)
    settle(shown, qtbot)
    a, b = panel.view().series
    assert a.label == "relu1 · conv1@1, photos, 18 images"
    assert b.label == "relu1 · conv1@1, 0.png"
    assert a.statistics.n_values == 18 * 4 * 6 * 6
