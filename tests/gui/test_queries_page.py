"""The Queries view: copies that can be left out, and two results set against each other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.jobs.compare_results import CompareResultsRequest, compare_results
from core.progress import run_job
from core.retrieval.compared_results import read_result
from gui.panels.retrieval.queries_page import COPIES_PART, RESULTS_PART
from gui.panels.retrieval.view import RecipeChoice
from tests.gui.test_searching import net, open_net, read_too, searched, settle

__all__ = ["net", "searched"]


@pytest.fixture
def page(bench, qtbot, net: Path, photos: Path):
    """A folder in which two files are there twice."""
    shutil.copy(photos / "red" / "0.png", photos / "red" / "copy_of_0.png")
    shutil.copy(photos / "blue" / "1.png", photos / "blue" / "copy_of_1.png")
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    page = bench.window.panels.retrieval.queries_page
    page.parts.choose(COPIES_PART)
    page.copies.limit.setValue(0)
    page.copies.look_button.click()
    settle(bench, qtbot)
    return page


def test_without_labels_the_list_says_what_is_missing(bench, qtbot, net, tmp_path, photos) -> None:
    """It told to press Evaluate, which was grey."""
    folder = tmp_path / "flat"
    folder.mkdir()
    for photo in (photos / "red").glob("*.png"):
        shutil.copy(photo, folder / f"{photo.stem}.png")
    open_net(bench, qtbot, net)
    bench.opening.open_folder(folder)
    settle(bench, qtbot)
    panel = bench.window.panels.retrieval
    assert not panel.recipe_bar.evaluate_button.isEnabled()
    said = panel.queries.sentence.text()
    assert said.startswith("No image lies in a folder of its own kind")
    assert said.endswith("Choose what judges at the right.")


def cells(table, row: int) -> list[str]:
    model = table.rows
    return [model.data(model.index(row, column)) for column in range(model.columnCount())]


def test_copies_are_listed_beside_the_image_that_stays(page) -> None:
    listed = [cells(page.copies.table, row) for row in range(page.copies.n_rows)]
    equal = {(row[0], row[1]) for row in listed if row[2] == "equal file"}
    assert equal == {
        ("red/0.png", "red/copy_of_0.png"), ("blue/1.png", "blue/copy_of_1.png")
    }  # fmt: skip
    assert "2 copies" in page.copies.sentence.text()
    assert {row[3] for row in listed if row[2] == "equal file"} == {"1.0000"}


def test_copies_that_are_left_out_are_neither_ranked_nor_queries(bench, page, qtbot) -> None:
    panel = bench.window.panels.retrieval
    bench.searching.query_index(bench.searching.gallery.find(Path("red/0.png")))
    settle(bench, qtbot)
    assert panel.tiles[0].path.name == "copy_of_0.png"
    page.copies.leave_out.setChecked(True)
    settle(bench, qtbot)
    left_out = {row[1] for row in (cells(page.copies.table, i) for i in range(page.copies.n_rows))}
    names = {tile.path.name for tile in panel.tiles}
    assert "copy_of_0.png" not in names
    assert len(panel.tiles) == 20 - 1 - len(left_out)
    queries = panel.queries
    listed = {cells_of(queries, row) for row in range(queries.n_shown)}
    assert listed.isdisjoint(left_out)
    assert "red/1.png" in listed
    assert "Left out: 2 copies" in queries.sentence.text()
    page.copies.leave_out.setChecked(False)
    settle(bench, qtbot)
    assert len(panel.tiles) == 19
    assert "Left out" not in queries.sentence.text()


def cells_of(queries, row: int) -> str:
    model = queries.table.rows
    return str(model.data(model.index(row, 0)))


def test_a_row_of_copies_opens_the_ranking_of_its_image(bench, page, qtbot) -> None:
    image = cells(page.copies.table, 0)[1]
    page.copies.table.taken.emit(0)
    settle(bench, qtbot)
    panel = bench.window.panels.retrieval
    assert panel.query.name == image
    assert panel.view == "ranking"


def test_two_layers_are_compared_as_the_command_does(searched, qtbot, tmp_path, user) -> None:
    panel = searched.window.panels.retrieval
    read_too(searched, qtbot, RecipeChoice("fc8", "fc8", "flatten"))
    view = panel.queries_page.results
    panel.queries_page.parts.choose(RESULTS_PART)
    assert [view.choices[0].count(), view.choices[1].count()] == [2, 2]
    first, second = view.keys
    assert first
    assert first != second
    files = []
    for key in (first, second):
        (row,) = [row for row in panel.chart.rows if f"row:{row.label}" == key]
        queries = [
            {"file": row.paths[q.index], "AP": q.score.average_precision} for q in row.queries
        ]
        path = tmp_path / f"{len(files)}.json"
        path.write_text(json.dumps({"queries": queries, "AP_variant": "non-interpolated"}))
        files.append(path)
    wanted = run_job(compare_results(CompareResultsRequest(str(files[0]), str(files[1]))))
    assert f"p {wanted.difference.p:.4f} by random signs" in view.sentence.text()
    low, high = (
        f"{100 * end:+.2f}".replace("-", "\N{MINUS SIGN}")
        for end in (wanted.difference.low, wanted.difference.high)
    )
    assert f"{low} to {high}" in view.sentence.text()
    assert view.table.rows.rowCount() == len(wanted.queries)
    assert cells(view.table, 0)[0] == wanted.queries[0].file
    user.files.append((files[0],))
    view.files[1].click()  # a file in the place of B
    settle(searched, qtbot)
    assert view.keys == (first, str(files[0]))
    assert "Both have the same mAP" in view.sentence.text()
    assert read_result(str(files[0])).name in view.means.text()


def test_results_of_two_kinds_of_ap_are_not_compared(searched, qtbot, tmp_path, user) -> None:
    path = tmp_path / "other.json"
    row = searched.window.panels.retrieval.chart.rows[0]
    queries = [{"file": row.paths[0], "AP": 0.5}]
    path.write_text(json.dumps({"queries": queries, "AP_variant": "trapezoid"}))
    view = searched.window.panels.retrieval.queries_page.results
    user.files += [(path,), (path,)]
    view.files[1].click()
    view.choices[0].setCurrentIndex(0)
    view.choices[0].activated.emit(0)
    settle(searched, qtbot)
    assert "17 points" in view.sentence.text()
    assert view.table.rows.rowCount() == 0
