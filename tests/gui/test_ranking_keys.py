"""The keys of the ranking: parts of it, the queries of the list, and the sanity gate beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt

from core.retrieval.alignment import Alignment
from core.retrieval.cosines import Cosines
from core.retrieval.gallery import Gallery
from tests.gui.test_searching import net, open_net, searched, settle

__all__ = ["net", "searched"]


@pytest.fixture
def grid(searched, qtbot):
    grid = searched.window.panels.retrieval.grid
    grid.setFocus(Qt.TabFocusReason)
    return grid


def test_letters_show_the_wrong_the_missed_and_the_least_similar(searched, grid, qtbot) -> None:
    panel = searched.window.panels.retrieval
    wrong = [tile.rank for tile in panel.tiles if tile.mark == "not relevant"]
    qtbot.keyClick(grid, Qt.Key_W)
    assert [tile.rank for tile in grid.tiles] == wrong
    assert grid.selected_tile().rank == wrong[0]
    qtbot.keyClick(grid, Qt.Key_L)
    assert grid.selected_tile().rank == len(panel.tiles)
    qtbot.keyClick(grid, Qt.Key_M)
    n_relevant = panel.query.n_relevant
    assert all(tile.mark == "relevant" and tile.rank > n_relevant for tile in grid.tiles)
    qtbot.keyClick(grid, Qt.Key_A)
    assert len(grid.tiles) == len(panel.tiles)
    assert grid.current == 0


def test_n_walks_the_list_of_queries_from_the_worst_on(searched, grid, qtbot) -> None:
    panel = searched.window.panels.retrieval
    rows = panel.queries.table.rows
    listed = [rows.query(row).index for row in range(rows.rowCount())]
    asked = []
    searched.searching.query_index(listed[0])
    settle(searched, qtbot)
    for key, modifier in ((Qt.Key_N, Qt.NoModifier),) * 2 + ((Qt.Key_N, Qt.ShiftModifier),):
        qtbot.keyClick(grid, key, modifier)
        settle(searched, qtbot)
        asked.append(searched.searching.gallery.find(panel.query.path))
    assert asked == [listed[1], listed[2], listed[1]]


def test_images_that_find_themselves_are_said_so_beside_the_descriptor(searched) -> None:
    facts = dict(searched.window.panels.retrieval.query_column.descriptor.facts)
    assert facts["Sanity"] == "3 of 3 at rank 1"
    assert not searched.notices.has("sanity")


def test_names_that_stand_at_other_descriptors_are_told(
    bench, qtbot, net, photos: Path, monkeypatch
) -> None:
    """A gallery whose rows moved under its names gives rankings that mean nothing."""

    def turned(gallery: Gallery) -> Cosines:
        return Cosines(np.roll(gallery.descriptors, 7, axis=0))

    monkeypatch.setattr(Gallery, "cosines", property(turned))
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    assert bench.notices.has("sanity")
    facts = dict(bench.window.panels.retrieval.query_column.descriptor.facts)
    assert facts["Sanity"] == "0 of 3 at rank 1"


def test_a_sentence_names_the_image_and_what_it_found() -> None:
    lost = Alignment(3, (("a/1.png", "b/2.png"),))
    assert "misaligned" in lost.sentence
    assert "'a/1.png', described anew, finds 'b/2.png'" in lost.sentence
    assert replace(lost, lost=()).sentence.startswith("3 of 3")
