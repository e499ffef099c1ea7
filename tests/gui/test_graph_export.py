"""The graph as a file: the whole of it, text as text, with title and legend."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from PyQt5.QtGui import QImage

from core.errors import AppError
from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.progress import run_job
from gui.graph.export import ExportReport, ExportRequest, paint_graph
from gui.graph.panel import GraphPanel
from gui.theme import Theme
from tests.bench.graph import residual_net

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def panel(qtbot, keeper, repository: Path) -> GraphPanel:
    net = load_net(repository / "prototxt" / "vgg16_deploy.prototxt")
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(420, 300)
    panel.show()
    panel.show_net(net, infer_shapes(net))
    panel.canvas.set_scale(2.0)
    panel.show_selection("relu7")
    return panel


def export(panel: GraphPanel, path: Path, theme: Theme | None = None) -> ExportReport:
    request = ExportRequest(panel.drawing, theme or Theme.light(), path)
    return run_job(paint_graph(request)).write()


def svg_words(path: Path) -> list[str]:
    texts = ElementTree.parse(path).getroot().iter(f"{SVG}text")
    return ["".join(text.itertext()).strip() for text in texts]


def test_an_svg_holds_every_box_as_text_with_title_and_legend(panel, tmp_path: Path) -> None:
    report = export(panel, tmp_path / "vgg.svg")
    words = svg_words(tmp_path / "vgg.svg")
    for box in panel.picture.boxes:
        assert box.name in words
        assert box.shape in words
    for expected in ("VGG_ILSVRC_16_layers", "convolution", "inner product", "fc7@1",
                     "shares blob fc7", "40 layers, phase TEST, 17 in-place layers hide 17 "
                     "versions"):  # fmt: skip
        assert expected in words
    frame = panel.scene.boxes_rect()
    assert report.height > frame.height()
    assert not list(ElementTree.parse(tmp_path / "vgg.svg").getroot().iter(f"{SVG}image"))
    assert [path.name for path in tmp_path.iterdir()] == ["vgg.svg"]


def test_a_png_has_the_theme_and_the_size_it_says(panel, tmp_path: Path) -> None:
    report = export(panel, tmp_path / "vgg.png", Theme.dark())
    picture = QImage(str(tmp_path / "vgg.png"))
    assert picture.width() == round(report.width * report.scale)
    assert picture.pixelColor(2, 2).name() == Theme.dark().canvas.name()


def test_a_pdf_keeps_its_text(panel, tmp_path: Path) -> None:
    export(panel, tmp_path / "vgg.pdf")
    content = (tmp_path / "vgg.pdf").read_bytes()
    assert content.startswith(b"%PDF-1.4")
    assert b"/FontFile2" in content  # glyphs of a font, not curves


def test_a_page_longer_than_readers_take_is_scaled(panel, tmp_path: Path) -> None:
    net = read_net(residual_net(60))
    panel.expect_net(None)
    panel.show_net(net, infer_shapes(net))
    panel.set_folded(False)
    report = export(panel, tmp_path / "long.pdf")
    assert report.height * 72 / 96 > 14400
    assert report.height * report.scale * 72 / 96 <= 14401


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_a_painting_that_is_given_up_leaves_nothing(panel, tmp_path: Path, suffix: str) -> None:
    painting = paint_graph(ExportRequest(panel.drawing, Theme.light(), tmp_path / f"a{suffix}"))
    next(painting)
    painting.close()
    assert list(tmp_path.iterdir()) == []


def test_another_suffix_and_a_missing_folder_are_said(panel, tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"can't be written as \.gif"):
        export(panel, tmp_path / "vgg.gif")
    with pytest.raises(AppError, match="can't be written"):
        export(panel, tmp_path / "nowhere" / "vgg.svg")
