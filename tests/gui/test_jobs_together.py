"""Jobs of the window at the same time: each holds its own net, so none ends another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gui.dialogs.extract import ExtractChoice
from tests.gui.test_searching import NET, many, settle, wait_for_progress


def fill(bench: object, qtbot: object, net: Path, folder: Path) -> None:
    """Open the net, with an image."""
    bench.opening.open_paths([net, folder / "red" / "0.png"])
    qtbot.waitUntil(lambda: bench.inspecting.can_run())
    bench.window.show_panel(bench.window.panels.retrieval)


def forward(bench: object, _out: Path) -> None:
    bench.inspecting.forward()


def rename_and_forward(bench: object, _out: Path) -> None:
    bench.renaming.rename_layer("relu1")
    bench.document.net_changed.connect(bench.inspecting.forward)


def extract(bench: object, out: Path) -> None:
    folder = bench.searching.folder or out.parent / "photos"
    bench.extracting.extract(ExtractChoice((("fc8", "fc8"),), None, folder, out / "x.npz"))


def verify(bench: object, _out: Path) -> None:
    bench.renaming.rename_all()
    bench.document.net_changed.connect(bench.verifying.verify)


def query(bench: object, out: Path) -> None:
    path = out / "outside.png"
    Image.new("RGB", (20, 20), (20, 210, 40)).save(path)
    bench.searching.query_image(path)


PARTNERS: tuple[Callable[[object, Path], None], ...] = (
    forward, rename_and_forward, extract, verify, query
)  # fmt: skip


@pytest.mark.parametrize("partner", PARTNERS)
def test_an_index_lives_on_beside_any_other_job(
    make_bench,
    qtbot,
    photos: Path,
    tmp_path: Path,
    partner,
) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    n_images = many(photos, 4)
    bench = make_bench(is_shown=True, seconds_per_layer="0.02")
    fill(bench, qtbot, net, photos)
    failures: list[str] = []
    bench.notices.changed.connect(
        lambda: failures.extend(n.title for n in bench.notices.current if n.kind == "error")
    )
    bench.searching.open_folder(photos)
    wait_for_progress(bench, qtbot)
    pid = bench.engine.process_id
    partner(bench, tmp_path)
    qtbot.waitUntil(lambda: bench.searching.gallery is not None, timeout=60000)
    settle(bench, qtbot)
    assert failures == []
    assert bench.engine.process_id == pid
    assert len(bench.searching.gallery) == n_images
    assert np.isfinite(bench.searching.gallery.descriptors).all()
    if partner is extract:
        with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
            assert arrays["fc8"].shape == (n_images, 6)


def index(bench: object, out: Path) -> None:
    bench.searching.open_folder(out.parent / "photos")


def evaluate(bench: object, _out: Path) -> None:
    bench.window.panels.retrieval.evaluate_requested.emit()


def open_again(bench: object, _out: Path) -> None:
    bench.opening.open_paths([bench.document.path])


def restart(bench: object, _out: Path) -> None:
    bench.engine.restart()


def cancel(bench: object, _out: Path) -> None:
    bench.window.actions_["cancel"].trigger()


JOBS = (forward, rename_and_forward, extract, verify, query, index, evaluate, open_again)
INTERRUPTIONS = (cancel, restart)


@pytest.mark.parametrize("first", JOBS)
def test_a_job_lives_on_beside_each_other_and_after_each_interruption(
    make_bench, qtbot, photos: Path, tmp_path: Path, first: Callable[[object, Path], None]
) -> None:
    """Pairs of jobs started at once in one window; none closes the net of another."""
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    bench = make_bench(is_shown=True, seconds_per_layer="0.001")
    fill(bench, qtbot, net, photos)
    bench.searching.open_folder(photos)
    qtbot.waitUntil(lambda: bench.searching.gallery is not None, timeout=60000)
    settle(bench, qtbot)
    said: list[str] = []
    bench.notices.changed.connect(
        lambda: said.extend(f"{n.title} {n.body}" for n in bench.notices.current)
    )
    for number, second in enumerate((*JOBS, *INTERRUPTIONS)):
        out = tmp_path / str(number)
        out.mkdir()
        bench.document.saved_text = bench.document.text
        bench.opening.open_paths([net])
        settle(bench, qtbot)
        first(bench, out)
        second(bench, out)
        qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=30000)
        settle(bench, qtbot)
        closed = [words for words in said if "closed" in words or "went wrong" in words]
        assert not closed, second.__name__
    bench.inspecting.forward()
    settle(bench, qtbot)
    assert bench.document.net is not None
