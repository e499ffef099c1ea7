"""Bad and odd pictures in the window: opened, dropped as queries, indexed and shown in the grid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QApplication

from tests.gui.test_searching import NET
from tests.soak.bad_images.kinds import good_images, make_all, quick_kinds, remove_all

EVERY = 4


@pytest.fixture
def made(tmp_path: Path) -> Iterator[list[tuple[str, Path]]]:
    chosen = dict(list(quick_kinds().items())[::EVERY])
    kinds = make_all(tmp_path / "bad", chosen)
    yield kinds
    remove_all(kinds)


# as core.images.decoding has it outside of tests
@pytest.mark.filterwarnings(r"ignore:.*:Warning:PIL\.")
def test_no_bad_picture_harms_the_window(bench, qtbot, made, tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    bugs: list[BaseException] = []
    bench.lanes.bug_found.connect(bugs.append)

    def settle() -> None:
        qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)

    bench.opening.open_paths([net])
    settle()
    for kind, path in made:
        bench.opening.open_image(path)
        settle()
        is_open = bench.document.image_path == path.absolute()
        assert is_open or bench.notices.has("image"), kind
    good = list(good_images(tmp_path / "bad", 3))
    bench.searching.open_folder(tmp_path / "bad")
    settle()
    panel = bench.window.panels.retrieval
    bench.window.show_panel(panel)
    QApplication.processEvents()
    settle()
    shown = {tile.path for tile in panel.tiles}
    assert set(good) <= shown
    assert len(shown) < len(made)
    asked: list[Path] = []
    search = bench.dropping.search
    bench.dropping.search = lambda path: (asked.append(path), search(path))
    for _kind, path in made[::EVERY]:
        bench.window.files_dropped.emit([path])
        settle()
    assert len(asked) > len(made) / EVERY / 2
    assert bugs == []
    assert bench.engine.state == "ready"
