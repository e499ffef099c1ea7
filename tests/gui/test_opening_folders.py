"""A folder of images among what is opened: with its net, before it, and alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDropEvent

from core.weights.writer import write_caffemodel

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 4 } }
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """net, weights, folder, and an image of the folder."""
    net, weights, folder = tmp_path / "n.prototxt", tmp_path / "w.caffemodel", tmp_path / "photos"
    net.write_text(NET)
    arrays = [np.ones((4, 192), np.float32), np.zeros(4, np.float32)]
    write_caffemodel(weights, "n", [("fc", "InnerProduct", arrays)])
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (9, 9), (70 * number, 20, 30)).save(folder / f"{number}.png")
    return {"net": net, "weights": weights, "folder": folder, "image": folder / "1.png"}


def drop(bench, paths: list[Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place = QPoint(10, 10)
    bench.window.dropEvent(QDropEvent(place, Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier))


def wait_for_gallery(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.searching.gallery is not None, timeout=20000)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=20000)
    assert len(bench.searching.gallery) == 3
    assert bench.window.panels.retrieval.isVisible()


@pytest.mark.parametrize(
    "order",
    [
        ("net", "weights", "folder"),
        ("folder", "weights", "net"),
        ("net", "folder"),
        ("folder", "weights"),
        ("image", "folder", "net", "weights"),
    ],
    ids=" ".join,
)
def test_a_folder_named_with_its_net_is_searched(
    bench, qtbot, files: dict[str, Path], order: tuple[str, ...]
) -> None:
    """reports/folder_argument: the words of the command line, in any order."""
    bench.opening.open_paths([files[name] for name in order])
    wait_for_gallery(bench, qtbot)
    assert (bench.document.weights is not None) == ("weights" in order)
    assert bench.notices.current == () or "weights" in order or bench.notices.has("weights")


def test_a_folder_dropped_with_a_net_is_searched(bench, qtbot, files: dict[str, Path]) -> None:
    drop(bench, [files["folder"], files["net"], files["weights"]])
    wait_for_gallery(bench, qtbot)


def test_a_folder_alone_waits_for_a_net_and_says_so(bench, qtbot, user, files) -> None:
    bench.opening.open_paths([files["folder"]])
    (notice,) = bench.notices.current
    assert notice.title == "photos waits for a net"
    user.files.append((files["net"], files["weights"]))
    bench.notices.trigger("folder", "open")
    wait_for_gallery(bench, qtbot)
    assert not bench.notices.has("folder")


def test_a_second_net_does_not_search_the_folder_of_the_first(bench, qtbot, files) -> None:
    bench.opening.open_paths([files["net"], files["folder"]])
    wait_for_gallery(bench, qtbot)
    bench.opening.open_paths([files["net"]])
    qtbot.waitUntil(lambda: bench.searching.gallery is None)
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert bench.searching.gallery is None


def test_a_folder_dropped_on_an_open_net_is_searched(bench, qtbot, files) -> None:
    bench.opening.open_paths([files["net"]])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    drop(bench, [files["folder"]])
    wait_for_gallery(bench, qtbot)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (NET.replace("dim: 3", "dim: 1"), "next"),
        (NET.replace('"fc"', '"other"'), "next"),
        ("layer { rubbish", "net"),
    ],
    ids=["grey", "other names", "none"],
)
def test_a_folder_opened_while_a_net_is_read_is_searched_with_what_comes(
    bench, qtbot, photos: Path, tmp_path: Path, text: str, name: str
) -> None:
    for stem, source in (("net", NET), ("next", text)):
        (tmp_path / f"{stem}.prototxt").write_text(source)
    bench.opening.open_paths([tmp_path / "net.prototxt"])
    qtbot.waitUntil(lambda: bench.document.recipe is not None)
    bench.opening.open_paths([tmp_path / "next.prototxt"])
    bench.opening.open_folder(photos)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)
    assert bench.document.path.stem == name
    assert len(bench.searching.gallery) == 18
    assert not [one for one in bench.notices.current if "recipe" in one.title.lower()]
