"""A session brings back how the pages showed a net and a gallery, in a window of its own."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from core.retrieval.search_steps import parse_search
from core.session_file import read_session
from gui.panels.activations.shown import Pin
from gui.panels.layers.rows import COLUMNS, Column
from gui.panels.retrieval.view import RecipeChoice
from tests.gui.test_sessions import NET, save_session, settle


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


@pytest.fixture
def table(tmp_path: Path, photos: Path) -> Path:
    """Labels that are not those of the folders: even and odd numbers."""
    path = tmp_path / "labels.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        for photo in sorted(photos.rglob("*.png")):
            parity = "odd" if int(photo.stem) % 2 else "even"
            writer.writerow([photo.relative_to(photos).as_posix(), parity])
    return path


def close(bench) -> None:
    """Nothing but the session is to bring anything back."""
    bench.document.saved_text = bench.document.text
    assert bench.close()
    bench.settings.path.unlink(missing_ok=True)


def reopened(make_bench, qtbot, path: Path):
    bench = make_bench(is_shown=True)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    settle(bench, qtbot)
    return bench


def test_the_net_is_shown_as_it_was_left(make_bench, qtbot, user, net: Path, photos: Path) -> None:
    first = make_bench(is_shown=True)
    first.opening.open_paths([net, photos / "red" / "0.png"])
    qtbot.waitUntil(lambda: first.document.recipe is not None)
    settle(first, qtbot)
    panels = first.window.panels
    first.document.select("conv2")
    settle(first, qtbot)
    first.window.show_panel(panels.activations)
    settle(first, qtbot)
    panels.activations.choose(2)
    panels.activations.toggle_pin()
    panels.activations.choose(3)
    first.window.show_panel(panels.graph)
    panels.layer_table._choose_column(Column.MEMORY, False)
    panels.layer_table._choose_column(Column.SHARE, True)
    panels.graph.colour_by("multiply-adds")
    panels.graph.canvas.set_scale(0.8)
    settle(first, qtbot)
    left = panels.graph.memory
    path = net.with_name("mine.blobscope")
    save_session(first, qtbot, user, path)
    close(first)
    panels = reopened(make_bench, qtbot, path).window.panels
    assert panels.activations.pins == (Pin("conv2", 0, 2),)
    assert panels.activations.chosen[0] == 3
    view, away = panels.layer_table.view, panels.layer_table.put_away
    assert away == {Column.MEMORY}
    assert view.isColumnHidden(COLUMNS.index(Column.MEMORY))
    assert panels.graph.memory.colour == "multiply-adds"
    qtbot.waitUntil(lambda: abs(panels.graph.memory.scale - left.scale) < 1e-6)
    assert panels.graph.memory.centre == pytest.approx(left.centre, abs=2)
    assert panels.graph.memory.folds == left.folds


def test_the_gallery_is_shown_as_it_was_left(
    make_bench, qtbot, user, net: Path, photos: Path, table: Path
) -> None:
    first = make_bench(is_shown=True)
    first.opening.open_paths([net])
    qtbot.waitUntil(lambda: first.document.recipe is not None)
    first.window.show_panel(first.window.panels.retrieval)
    first.searching.open_folder(photos, RecipeChoice("relu1", "conv1", "gap"))
    settle(first, qtbot)
    first.gallery_work.label(str(table))
    settle(first, qtbot)
    first.searching.query_image(photos / "green" / "3.png")
    settle(first, qtbot)
    first.searching.evaluate()
    settle(first, qtbot)
    assert first.window.panels.retrieval.view == "layers"
    gallery, rows = first.searching.gallery, first.window.panels.retrieval.chart.rows
    assert gallery.truth == str(table)
    path = net.with_name("mine.blobscope")
    save_session(first, qtbot, user, path)
    kept = read_session(path).search
    assert (kept.query, kept.truth) == (photos / "green" / "3.png", table)
    close(first)
    second = reopened(make_bench, qtbot, path)
    panel = second.window.panels.retrieval
    assert second.searching.gallery.folder == gallery.folder
    assert second.searching.choice == RecipeChoice("relu1", "conv1", "gap")
    assert second.searching.gallery.truth == str(table)
    assert panel.query.path == photos / "green" / "3.png"
    assert panel.query.label == "odd"
    assert panel.chart.rows == rows
    assert panel.view == "layers"


def test_a_table_and_a_query_that_are_gone_leave_the_gallery(
    make_bench, qtbot, user, net: Path, photos: Path, table: Path
) -> None:
    first = make_bench(is_shown=True)
    first.opening.open_paths([net])
    qtbot.waitUntil(lambda: first.document.recipe is not None)
    first.searching.open_folder(photos)
    settle(first, qtbot)
    first.gallery_work.label(str(table))
    settle(first, qtbot)
    outside = photos.with_name("outside.png")
    outside.write_bytes((photos / "red" / "1.png").read_bytes())
    first.searching.query_image(outside)
    settle(first, qtbot)
    path = net.with_name("mine.blobscope")
    save_session(first, qtbot, user, path)
    close(first)
    table.unlink()
    outside.unlink()
    second = reopened(make_bench, qtbot, path)
    assert len(second.searching.gallery) == 18
    assert second.searching.gallery.truth == "folders"
    assert second.window.panels.retrieval.query.path == photos / "blue" / "0.png"


def test_a_session_keeps_how_it_is_searched_and_judged(
    make_bench, qtbot, user, net: Path, photos: Path, tmp_path: Path
) -> None:
    """Benchmark, copies, steps and the map; without the ground truth labels judge."""
    truth = tmp_path / "truth"
    truth.mkdir()
    for kind, names in {"query": "oxc1_3 0 0 9 9", "good": "3", "ok": "2", "junk": "1"}.items():
        (truth / f"hall_1_{kind}.txt").write_text(f"{names}\n")
    (photos / "red" / "copy.png").write_bytes((photos / "red" / "4.png").read_bytes())
    first = make_bench(is_shown=True)
    first.opening.open_paths([net])
    qtbot.waitUntil(lambda: first.document.recipe is not None)
    settle(first, qtbot)
    first.searching.open_folder(photos, RecipeChoice("relu1", "conv1", "gap"))
    settle(first, qtbot)
    steps = parse_search("dba:5,alphaqe:3:2.5")
    first.searching.asker.search_by(steps)
    settle(first, qtbot)
    copies = first.window.panels.retrieval.queries_page.copies
    copies.look_requested.emit(0)
    settle(first, qtbot)
    copies.left_out_changed.emit(True)
    settle(first, qtbot)
    left_out = first.searching.state.left_out
    assert left_out.limit == 0
    first.retrieval.truths.choose("oxford", truth)
    settle(first, qtbot)
    first.window.panels.retrieval.map.choose_method("tsne")
    path = net.with_name("mine.blobscope")
    save_session(first, qtbot, user, path)
    close(first)
    second = reopened(make_bench, qtbot, path)
    state = second.searching.state
    assert (state.benchmark, state.steps) == (f"oxford:{truth}", steps)
    assert state.left_out == left_out
    assert second.window.panels.retrieval.map.method == "tsne"
    assert any("alpha 2.5" in note for note in second.searching.found.search_notes)
    close(second)
    shutil.rmtree(truth)
    third = reopened(make_bench, qtbot, path)
    assert third.searching.state.benchmark == ""
    assert third.searching.state.left_out == left_out
    assert third.searching.found.searching.duplicates == left_out


def test_a_folder_comes_back_as_it_was_searched(
    make_bench, qtbot, net: Path, photos: Path, tmp_path: Path
) -> None:
    bench = make_bench(is_shown=True)
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.recipe is not None)
    settle(bench, qtbot)
    others = tmp_path / "others"
    shutil.copytree(photos / "red", others)
    choice = RecipeChoice("relu1", "conv1", "mac")
    bench.searching.open_folder(photos, choice)
    settle(bench, qtbot)
    bench.searching.query_image(photos / "green" / "3.png")
    settle(bench, qtbot)
    bench.window.panels.retrieval.map.bar.methods.choose("tsne")
    bench.opening.open_folder(others)
    settle(bench, qtbot)
    bench.searching.choose(RecipeChoice("fc8", "fc8", "flatten"))
    settle(bench, qtbot)
    bench.searching.take_offer()
    settle(bench, qtbot)
    bench.window.panels.retrieval.map.bar.methods.choose("pca")
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    assert bench.searching.searched.reading.choice == choice
    assert bench.searching.found.query.path == photos / "green" / "3.png"
    assert bench.window.panels.retrieval.map.method == "tsne"
    bench.opening.open_folder(others)
    settle(bench, qtbot)
    assert bench.searching.searched.reading.choice.layer == "fc8"
    assert bench.window.panels.retrieval.map.method == "pca"
