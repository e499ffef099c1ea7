"""A window full of names that look like HTML shows every one as it is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel, QMenu, QWidget

from gui.dialogs.questions import Questioner
from gui.graph.box_menu import copy_offers, fill_box_menu
from gui.widgets.labels import RichLabel
from gui.widgets.plain_text import Rich, plain_caption, plain_tip, plain_title, rich
from tests.gui.shown_text import OURS, all_widgets, drawn_texts, laid_out, marked, tooltips

HEAD = "<h1>big<br>1 & &amp; x [*]"
PIPE = "<img src=pipe.png>"
NAMES = (HEAD, PIPE, "a &lt;b> c", "<b>bold<!--")

NET = """layer {{ name: "data" type: "Input" top: "data"
  input_param {{ shape {{ dim: 1 dim: 3 dim: 8 dim: 8 }} }} }}
layer {{ name: "{0}" type: "Convolution" bottom: "data" top: "{0}"
  convolution_param {{ num_output: 4 kernel_size: 3 }} }}
layer {{ name: "{1}" type: "ReLU" bottom: "{0}" top: "{0}" }}
layer {{ name: "{2}" type: "InnerProduct" bottom: "{0}" top: "{2}"
  inner_product_param {{ num_output: 3 }} }}
layer {{ name: "{3}" type: "InnerProduct" bottom: "nobody's <h1>" top: "{3}"
  inner_product_param {{ num_output: 3 }} }}
""".format(*NAMES)
RUNNABLE = NET.rpartition("layer {")[0]


WATCH = """import os, sys, time
while True:
    try:
        os.close(os.open("pipe.png", os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        time.sleep(0.02)
        continue
    with open("readers.txt", "a") as file:
        file.write("somebody read it\\n")
"""


@pytest.fixture
def readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A FIFO in the current folder under the name that an <img> names, and who has opened it.

    A child waits at its other end: who reads would else wait for ever, and the test with them.
    """
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no FIFOs")
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    watcher = subprocess.Popen([sys.executable, "-c", WATCH])
    yield tmp_path / "readers.txt"
    watcher.kill()
    watcher.wait()


def fill(bench, qtbot, tmp_path: Path, text: str) -> None:
    """Open a net, an image and a folder with such names, and look at a value."""
    folder = tmp_path / "<i>photos & more"
    for name in NAMES:
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (12, 9), (40, 90, len(name))).save(folder / name / f"{HEAD}.png")
    (folder / f"{PIPE}.jpg").write_bytes(b"no picture")
    net = tmp_path / f"{HEAD}.prototxt"
    net.write_text(text)
    bench.opening.open_paths([net, folder / HEAD / f"{HEAD}.png"])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    bench.document.select(NAMES[0])
    bench.opening.open_paths([folder])
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)
    assert bench.searching.gallery is not None
    assert len(bench.searching.gallery) == len(NAMES)
    bench.window.menus["File"].aboutToShow.emit()


@pytest.fixture
def full_window(bench, qtbot, tmp_path: Path):
    """A net, a folder and an image, each with such a name, and what the window says of them."""
    fill(bench, qtbot, tmp_path, NET)
    return bench


def check(*expected: str) -> None:
    """Nothing of strangers is markup in any window, and the expected names are to be seen."""
    widgets = all_widgets()
    assert not laid_out(widgets)
    assert not marked(widgets)
    labels = [unescape(OURS.sub("", w.text())) for w in widgets if isinstance(w, QLabel)]
    shown = "\n".join([*labels, *(unescape(OURS.sub("", tip)) for tip in tooltips(widgets))])
    for name in expected:
        assert name in shown


def test_labels_show_names_as_they_are(full_window) -> None:
    """reports/html_file_name, for every label that the window has."""
    labels = full_window.window.findChildren(QLabel)
    assert any(HEAD in label.text() for label in labels)
    assert not laid_out(full_window.window.findChildren(QWidget))


def test_tooltips_show_names_as_they_are(full_window) -> None:
    """reports/html_file_name, for every tooltip; an <img> in one would be read from the disk."""
    said = [tip for tip in tooltips(full_window.window.findChildren(QWidget)) if tip]
    told = [unescape(OURS.sub("", tip)) for tip in said if Qt.mightBeRichText(tip)]
    assert any(HEAD in text for text in told)
    assert any(PIPE in text for text in told)


def test_the_title_and_the_notices_show_names_as_they_are(full_window) -> None:
    window = full_window.window
    assert window.document_title.text() == f"{HEAD}.prototxt"
    assert window.document_title.textFormat() == Qt.PlainText
    assert window.windowTitle() == f"{plain_title(HEAD)}.prototxt - Blobscope"
    assert window.notice_bar.cards
    bodies = [notice.body for notice in full_window.notices.current]
    assert not [body for body in bodies if isinstance(body, Rich) and "<" in OURS.sub("", body)]


def test_menus_show_an_ampersand(full_window) -> None:
    (entry,) = full_window.window.recent_menu.actions()
    assert entry.text() == plain_caption(f"{HEAD}.prototxt")
    assert entry.text().count("&&") == 2


def test_menus_of_layers_show_names_as_they_are(full_window, qtbot) -> None:
    bench = full_window
    bench.document.select(PIPE)
    table = bench.window.panels.layer_table
    menus = [table.menu_of(row) for row in table.model.shown]
    for box in bench.window.panels.graph.scene.layer_items.values():
        menu = QMenu()
        qtbot.addWidget(menu)
        offers = copy_offers(bench.document.net, box.box.layers)
        fill_box_menu(
            menu, box.box, opened=(), offers=offers,
            on_rename=print, on_unfold=print, on_fold=print,
        )  # fmt: skip
        menus.append(menu)
    captions = [action.text() for menu in menus for action in menu.actions()]
    assert any(plain_caption(HEAD) in caption for caption in captions)
    assert not [c for c in captions if "&" in c.replace("&&", "")]


def compare(bench, qtbot, user, tmp_path: Path) -> None:
    other = tmp_path / f"{PIPE}.prototxt"
    other.write_text(NET.replace("num_output: 4", "num_output: 5").replace(PIPE, f"{PIPE}2"))
    user.files.append((tmp_path / f"{HEAD}.prototxt", other))
    bench.window.actions_["compare"].trigger()
    qtbot.waitUntil(lambda: bench.comparing.comparison is not None, timeout=15000)
    page = bench.window.compare_page
    for view in page.bar.views.shown:
        page.show_view(view)


DIALOGS: dict[str, Callable[..., None]] = {
    "compare": compare,
    "rename": lambda bench, *_: bench.window.actions_["plan_rename"].trigger(),
    "extract": lambda bench, *_: bench.dialogs.ask_extract(),
    "recipe": lambda bench, *_: bench.dialogs.ask_recipe(),
    "text": lambda bench, *_: bench.window.actions_["show_text"].trigger(),
    "fidelity": lambda bench, *_: bench.window.actions_["fidelity"].trigger(),
    "engine": lambda bench, *_: bench.engine_choice.ask(),
}


def test_no_window_lays_a_name_out_nor_reads_what_it_names(
    bench, qtbot, user, tmp_path: Path, readers: Path
) -> None:
    """The net runs, its histograms are drawn, every dialog is opened; nobody opens the pipe."""
    fill(bench, qtbot, tmp_path, RUNNABLE)
    bench.inspecting.forward()
    bench.window.show_panel(bench.window.panels.histogram)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    bench.document.select(PIPE)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert any(HEAD in text for text in drawn_texts(all_widgets()))
    check(HEAD, PIPE)
    bench.renaming.rename_all()
    bench.window.actions_["verify"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    check(HEAD, PIPE)
    for open_dialog in DIALOGS.values():
        open_dialog(bench, qtbot, user, tmp_path)
        qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
        check(HEAD)
    assert not readers.exists()


@pytest.mark.qt_log_ignore("QFile::at: Cannot set file position")
def test_a_reader_would_be_seen(qtbot, readers: Path) -> None:
    """A label that lays the name out opens the pipe: the test above can fail."""
    label = QLabel(PIPE)
    qtbot.addWidget(label)
    label.sizeHint()
    qtbot.waitUntil(readers.exists)
    assert laid_out([label])


def test_a_question_shows_the_name_that_it_is_about(keeper, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    answers: list[str] = []
    Questioner(keeper, window).ask(HEAD, NAMES[1], (("yes", "Yes"), ("no", "No")), answers.append)
    box = window.findChild(QWidget, "qt_msgbox_label").parent()
    for name, text in (("qt_msgbox_label", HEAD), ("qt_msgbox_informativelabel", NAMES[1])):
        label = box.findChild(QLabel, name)
        assert label.text() == text or text in unescape(OURS.sub("", label.text()))
        assert label.textFormat() == Qt.PlainText or "<" not in OURS.sub("", label.text())
    box.done(0)
    assert answers == ["no"]


@pytest.mark.parametrize("text", [*NAMES, "a\nb <c>"])
def test_a_tip_says_the_text_itself(text: str) -> None:
    assert unescape(OURS.sub("", plain_tip(text))) == text


def test_an_ordinary_tip_stays_what_it_is() -> None:
    assert plain_tip("conv1/relu: 3 x 4") == "conv1/relu: 3 x 4"
    assert plain_tip("") == ""


def test_markup_is_ours_alone(keeper, qtbot) -> None:
    bold = rich("<b>{}</b> {}", PIPE, Rich("<br>"))
    assert bold == "<b>&lt;img src=pipe.png&gt;</b> <br>"
    label = RichLabel(PIPE)
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.PlainText
    label.setText(bold)
    assert label.textFormat() == Qt.RichText


def test_a_title_has_no_place_for_a_mark(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setWindowTitle(plain_title("a [*].prototxt"))
    assert marked([window]) == []
