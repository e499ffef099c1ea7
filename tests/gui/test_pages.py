"""The pages, what stands around them on every page, and what of that is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import QRect, Qt
from PyQt5.QtWidgets import QLineEdit, QWidget

from gui.frame.fields import LayerField
from gui.frame.layout_memory import LayoutMemory, Sides, layout_from_json, layout_to_json
from gui.frame.subject_field import SubjectField
from gui.main_window import MainWindow
from gui.pages.layer_strip import LayerStrip, StripLayer
from tests.gui.legible.recorder import record_texts

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: 20 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 8 } }
"""


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    open_net(bench, qtbot, path)
    return bench


def open_net(bench, qtbot, path: Path) -> None:
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None)


def widths(bench) -> tuple[int, int]:
    page = bench.window.net_page
    return page.left.width(), page.right.width()


def test_pages_need_a_net_and_are_reached_by_rail_and_keys(bench, qtbot, tmp_path: Path) -> None:
    window = bench.window
    assert window.page == "net"
    assert window.start_page.isVisible()
    assert not window.rail.buttons["layer"].isEnabled()
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    open_net(bench, qtbot, path)
    assert window.panels.graph.isVisible()
    window.rail.buttons["layer"].click()
    assert window.panels.activations.isVisible()
    assert not window.panels.graph.isVisible()
    window.actions_["page_retrieval"].trigger()
    assert window.panels.retrieval.isVisible()
    assert window.rail.buttons["retrieval"].isChecked()
    window.actions_["page_net"].trigger()
    assert window.panels.graph.isVisible()


def test_without_a_net_there_is_what_to_open(make_bench, qtbot, tmp_path: Path) -> None:
    path, gone = tmp_path / "small.prototxt", tmp_path / "gone.prototxt"
    path.write_text(NET)
    bench = make_bench()
    bench.settings.add_recent("models", path)
    bench.settings.add_recent("models", gone)
    bench.recent_files.fill()
    bench.start()
    recent = bench.window.start_page.recent
    qtbot.waitUntil(lambda: not recent.net_rows[0].isEnabled())
    first, second = recent.net_rows
    assert first.text() == "gone.prototxt"
    second.click()
    qtbot.waitUntil(lambda: bench.document.net is not None)
    assert bench.window.net_page.isVisible()


def test_a_panel_that_is_asked_for_is_in_view(opened) -> None:
    window = opened.window
    window.show_page("retrieval")
    window.actions_["show_inspector"].trigger()
    window.show_panel(window.panels.changes)
    assert window.panels.changes.isVisible()
    assert window.actions_["show_inspector"].isChecked()
    window.show_panel(window.panels.histogram)
    assert window.panels.histogram.isVisible()


def test_the_selection_is_one_for_all_pages(opened, qtbot) -> None:
    window, document = opened.window, opened.document
    document.select("relu7")
    assert (window.subjects.layer.value, window.layer_page.strip.row.at) == ("relu7", 2)
    assert window.subjects.layer.accessibleName() == "Layer: relu7 · fc7@1"
    window.show_page("layer")
    window.layer_page.strip.after.click()
    assert document.selection == "fc8"
    assert not window.layer_page.strip.after.isEnabled()
    window.actions_["layer_before"].trigger()
    assert document.selection == "relu7"
    window.show_page("net")
    assert window.panels.layer_table.selected_layers == ("relu7",)


def test_a_layer_opens_from_graph_table_and_inspector(opened, qtbot) -> None:
    window, panels = opened.window, opened.window.panels
    opened.document.select("relu7")
    for ask in (
        panels.inspector.open_button.click,
        lambda: qtbot.keyClick(panels.layer_table.view, Qt.Key_Return),
        lambda: panels.graph.canvas.walked.emit("open"),
    ):
        window.show_page("net")
        ask()
        assert window.page == "layer"
        assert opened.document.selection == "relu7"


@pytest.mark.parametrize(("size", "share"), [((1440, 900), 0.42), ((1280, 720), 0.5)])
def test_the_graph_has_most_of_the_window(opened, size: tuple[int, int], share: float) -> None:
    window = opened.window
    window.resize(*size)
    window.set_default_layout()
    graph = window.panels.graph.size()
    assert graph.width() * graph.height() > share * size[0] * size[1]


def test_files_can_be_dropped_on_every_page(opened) -> None:
    """A widget that takes drops keeps them from the window, as fields for text may."""
    window = opened.window
    assert window.panels.histogram.plot  # made when there is something to draw
    takers = [w for w in window.findChildren(QWidget) if w.acceptDrops()]
    assert not [w for w in takers if not isinstance(w, QLineEdit)]


def test_the_picker_finds_layers_as_the_graph_does(opened, qtbot) -> None:
    opened.window.actions_["pick_layer"].trigger()
    picker = opened.window.subjects.layer.picker
    qtbot.waitUntil(picker.isVisible)
    assert picker.shown == ("data", "fc7 · fc7@0", "relu7 · fc7@1", "fc8")
    qtbot.keyClicks(picker.field, "blob:fc7 type:relu")
    assert picker.shown == ("relu7 · fc7@1",)
    qtbot.keyClick(picker.field, Qt.Key_Return)
    assert not picker.isVisible()
    assert opened.document.selection == "relu7"


def test_the_picker_says_what_it_can_not_understand(opened, qtbot) -> None:
    opened.window.actions_["pick_layer"].trigger()
    picker = opened.window.subjects.layer.picker
    qtbot.keyClicks(picker.field, "params>many")
    assert picker.shown == ()
    assert picker.count.text() == "params> needs a number such as 1e6, 25k or 4.5M."
    qtbot.keyClick(picker.field, Qt.Key_Return)
    assert opened.document.selection == ""
    assert picker.isVisible()
    qtbot.keyClick(picker.field, Qt.Key_Escape)
    assert not picker.isVisible()


def test_the_subjects_say_what_is_open(opened, qtbot, tmp_path: Path) -> None:
    subjects = opened.window.subjects
    assert subjects.net.value == "small"
    assert subjects.net.chip.text == "no weights"
    assert subjects.sees.note == "guessed"
    assert subjects.gallery.value == ""
    picture = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), (200, 40, 10)).save(picture)
    opened.opening.open_paths([picture])
    assert subjects.image.name == "photo.png"
    subjects.image.fill()
    assert subjects.image.menu_entries[0] == "Open image…"
    assert subjects.image.menu_entries[-1] == "photo.png"


def test_the_changes_bar_offers_the_next_step(opened, qtbot) -> None:
    bar = opened.window.net_page.changes_bar
    assert (bar.words, bar.chip) == ("none", None)
    assert bar.button("rename_all").text() == "Rename all 1"
    assert not bar.button("save").isVisible()
    opened.window.actions_["rename_all"].trigger()
    qtbot.waitUntil(lambda: opened.document.verification is not None, timeout=15000)
    assert bar.words == "1 new blob"
    assert bar.chip.text == "verified: bit-identical (fc8)"
    assert opened.window.subjects.net.chip.text == "verified"
    assert opened.window.rail.buttons["net"].count == 1
    assert bar.button("save").text() == "Save as small_renamed.prototxt"
    assert bar.button("save").property("primary")
    opened.window.actions_["undo"].trigger()
    assert (bar.words, bar.chip) == ("none", None)
    assert opened.window.rail.buttons["net"].count == 0


def test_a_side_folds_to_a_strip_and_opens_at_its_width(opened, qtbot) -> None:
    bench = opened
    bench.window.resize(1440, 800)
    page = bench.window.net_page
    page.splitter.set_widths(350, 300)
    qtbot.waitUntil(lambda: widths(bench) == (350, 300))
    toggle = bench.window.actions_["show_layers"]
    toggle.trigger()
    qtbot.waitUntil(lambda: widths(bench) == (26, 300))
    assert not bench.window.panels.layer_table.isVisible()
    page.left.strip.click()
    assert toggle.isChecked()
    qtbot.waitUntil(lambda: widths(bench) == (350, 300))


def test_sizes_and_folds_come_back_apart_for_wide_and_narrow_windows(
    make_bench, qtbot, tmp_path: Path
) -> None:
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    first = make_bench(is_shown=True)
    open_net(first, qtbot, path)
    first.window.resize(1500, 800)
    first.window.net_page.splitter.set_widths(400, 320)
    first.window.resize(1200, 800)
    qtbot.waitUntil(lambda: first.window.net_page.left.is_folded)
    first.window.net_page.left.set_folded(False)
    first.window.net_page.splitter.set_widths(250, 280)
    first.close()
    second = make_bench(is_shown=True)
    open_net(second, qtbot, path)
    second.window.resize(1200, 800)
    qtbot.waitUntil(lambda: widths(second) == (250, 280), timeout=5000)
    second.window.resize(1500, 800)
    qtbot.waitUntil(lambda: widths(second) == (400, 320), timeout=5000)


def test_the_list_of_layers_shows_whole_columns_at_every_width(opened, qtbot) -> None:
    opened.window.resize(1600, 800)
    table = opened.window.panels.layer_table
    for width in (230, 316, 420, 560, 700):
        opened.window.net_page.splitter.set_widths(width, 300)
        qtbot.waitUntil(lambda w=width: table.width() == w)
        view = table.view
        header = view.horizontalHeader()
        shown = [i for i in range(header.count()) if not header.isSectionHidden(i)]
        assert sum(header.sectionSize(i) for i in shown) <= view.viewport().width()
        n_left_out = len(table.left_out)
        assert len(shown) + n_left_out == header.count() - 2  # share and overlay: not asked for
        assert header.more.isVisible() == bool(n_left_out)
        assert not n_left_out or header.more.text() == f"+ {n_left_out}"
    assert not n_left_out


def test_the_tiles_keep_their_share_of_the_layer_page_at_every_width(opened, qtbot) -> None:
    window, splitter = opened.window, opened.window.layer_page.splitter
    window.show_page("layer")
    for width in (1600, 1900, 1700):
        window.resize(width, 900)
        qtbot.waitUntil(lambda: abs(splitter.sizes()[0] / splitter.width() - 0.55) < 0.01)
    splitter.moveSplitter(round(0.4 * splitter.width()), 1)
    window.resize(1500, 900)
    qtbot.waitUntil(lambda: abs(splitter.sizes()[0] / splitter.width() - 0.4) < 0.01)
    assert f'"layer_split":{splitter.share}' in window.layout_state()


def test_both_sides_fold_by_a_button_of_their_own(opened, qtbot) -> None:
    window = opened.window
    window.resize(1440, 800)
    for side, button, action in (
        (window.net_page.left, window.panels.layer_table.fold_button, "show_layers"),
        (window.net_page.right, window.net_page.fold_button, "show_inspector"),
    ):
        assert not side.is_folded
        button.click()
        assert side.is_folded
        assert not window.actions_[action].isChecked()
        side.strip.click()
        assert not side.is_folded


def test_the_changes_panel_is_wide_and_the_inspector_as_before(opened, qtbot) -> None:
    bench = opened
    bench.window.resize(1440, 800)
    page = bench.window.net_page
    page.set_side_widths(316, 300)
    bench.window.actions_["show_changes"].trigger()
    qtbot.waitUntil(lambda: widths(bench) == (316, 420))
    assert page.side_widths == (316, 300), "what is remembered is the inspector's"
    bench.window.actions_["show_changes"].trigger()
    qtbot.waitUntil(lambda: widths(bench) == (316, 300))


def test_resetting_the_layout_brings_back_the_sizes_of_the_design(opened, qtbot) -> None:
    bench = opened
    bench.window.resize(1440, 900)
    bench.window.actions_["show_layers"].trigger()
    bench.window.actions_["show_inspector"].trigger()
    bench.window.actions_["reset_layout"].trigger()
    qtbot.waitUntil(lambda: widths(bench) == (316, 316))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"page": 3}', '{"layer_split": 1e9}',
                                  '{"wide": {"left": -5, "right": 3}}', "[" * 5000])  # fmt: skip
def test_a_damaged_layout_is_as_the_design_or_none(text: str) -> None:
    assert layout_from_json(text) in (None, LayoutMemory())


def test_a_layout_comes_back_as_it_was_kept() -> None:
    kept = LayoutMemory("layer", Sides(400, 300, is_right_folded=True), layer_split=0.4)
    assert layout_from_json(layout_to_json(kept)) == kept


def test_the_engine_is_chosen_over_the_status_line(bench, qtbot) -> None:
    bench.window.status_line.engine_clicked.emit()
    popup = bench.window.engine_popup
    assert popup.isVisible()
    assert popup.engine_box.currentData() == "fake"
    assert popup.device_box.currentText() == "CPU"
    popup.hide()


@pytest.mark.parametrize("size", [(1100, 640), (1280, 720), (1366, 700), (1440, 900)])
def test_every_subject_and_tool_is_in_view_at_every_size(bench, qtbot, size) -> None:
    bench.window.resize(*size)
    subjects = bench.window.subjects
    qtbot.waitUntil(lambda: bench.window.size().width() == size[0])
    qtbot.wait(20)
    for field in (subjects.net, subjects.layer, subjects.image, subjects.sees, subjects.gallery):
        right = field.mapTo(bench.window, field.rect().topRight()).x()
        assert right < size[0], field.accessibleName()
    for tool in subjects.tools:
        assert tool.mapTo(bench.window, tool.rect().topRight()).x() < size[0], tool.text()
        assert tool.width() >= tool.sizeHint().width()


@pytest.mark.parametrize(
    ("room", "fits"),
    [((1920, 1080), True), ((1440, 932), True), ((1440, 900), False), ((1366, 768), False)],
)
def test_a_window_is_never_larger_than_its_screen(keeper, qtbot, room, fits) -> None:
    """1440 × 900 and the frame around it, on screens of the sizes that people have."""
    window = MainWindow(keeper)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.fit_into(QRect(0, 0, *room))
    assert window.isMaximized() is not fits
    assert window.width() <= room[0]
    assert window.height() < room[1]


def test_a_short_layer_and_its_version_are_both_in_the_field(keeper, qtbot) -> None:
    """The version was left out beside a name that needs less than the least room of names."""
    field = LayerField(keeper, 206)
    qtbot.addWidget(field)
    field.resize(206, 43)
    field.show_layer("relu4_1", "conv4_1@1", "activation")
    with_version = field.grab().toImage()
    field.show_layer("relu4_1", "", "activation")
    assert field.grab().toImage() != with_version
    field.show_layer("relu4_1", "a_blob_with_a_name_as_long_as_this@1", "activation")
    drawn = [text.text for text in record_texts(field)]
    assert drawn[1] == "relu4_1"
    assert drawn[2].endswith("@1")  # what there is room for of the name, and the version whole


def test_the_strip_tells_layers_apart_and_brackets_chains(keeper, qtbot) -> None:
    """WINDOW_FAULTS 20, in the strip: "inception...3_reduce" twice, side by side."""
    strip = LayerStrip(keeper)
    qtbot.addWidget(strip)
    strip.resize(1200, 38)
    names = ("1x1", "3x3_reduce", "relu_3x3_reduce", "5x5_reduce", "relu_5x5_reduce")
    chains = ("", "a", "a", "b", "b")
    layers = [
        StripLayer(f"inception_3a/{name}", "convolution", chain)
        for name, chain in zip(names, chains, strict=True)
    ]
    strip.show_layers(layers, "inception_3a/relu_3x3_reduce")
    image = strip.grab().toImage()
    shown = dict(zip(names, strip.row._names(), strict=True))
    assert len(set(shown.values())) == len(names)
    assert all(shown[name].endswith(name[-10:]) for name in names)
    y = strip.row.y() + strip.row.height() - 4
    marked = [x for x in range(image.width()) if image.pixel(x, y) == keeper.theme.mark.rgb()]
    lefts = [strip.row.x() + box.x() for _, box in strip.row._places]
    assert lefts[1] < min(marked) < max(marked) < lefts[3]  # the chain that is looked at


def test_a_blobs_name_gives_way_before_its_layers(qtbot, keeper) -> None:
    field = SubjectField(keeper, "Layer", 206)
    qtbot.addWidget(field)
    field.show_family("activation")
    field.show_value("relu3_1", "· conv3_1@1")
    field.resize(206, 43)
    drawn = [text.text for text in record_texts(field)]
    assert drawn[:2] == ["Layer", "relu3_1"]
    assert drawn[2].startswith("· ")
    assert drawn[2].endswith("@1")
    field.show_value("relu7", "· fc7@1")
    assert [text.text for text in record_texts(field)] == ["Layer", "relu7", "· fc7@1"]
    field.show_value("relu_conv_final", "· conv_final_relu_conv_final")  # a blob of its own
    assert [text.text for text in record_texts(field)] == ["Layer", "relu_conv_final"]


@pytest.mark.parametrize("layer", [f"relu{'3_1' * n}" for n in range(1, 4)])
def test_a_field_as_wide_as_it_asks_for_shows_layer_and_blob(keeper, qtbot, layer: str) -> None:
    """It asked for three pixels too few: "relu3_1 · @1" beside an empty half of the bar."""
    field = LayerField(keeper, 150)
    qtbot.addWidget(field)
    field.show_layer(layer, "conv3_1@1", "activation")
    field.resize(field.sizeHint().width(), 43)
    assert [text.text for text in record_texts(field)] == ["Layer", layer, "· conv3_1@1"]
