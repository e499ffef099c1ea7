"""The histogram panel: what it asks for, what it draws, what it says and what it saves."""

from __future__ import annotations

import csv
import math
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtGui import QImage, QWheelEvent
from PyQt5.QtWidgets import QApplication, QGraphicsTextItem

from core.activations.summary import summarise_values
from core.errors import AppError
from core.net.elision import elide_name
from core.net.reader import read_net
from core.words import share_text, tick_text, value_text
from gui.panels.histogram.panel import HistogramPanel, HistogramRequest
from gui.panels.histogram.plot import AXIS_HEIGHT, ZEROS_WIDTH, bin_text
from gui.panels.histogram.view import side_sentences
from gui.theme import Theme
from gui.widgets.plot import TITLE_HEIGHT, Axis

NET = read_net(
    """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: 8 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 2 } }
"""
)
OWN_BLOB = read_net(
    NET.text.replace(
        'name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7"',
        'name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7_relu7"',
    ).replace(
        'name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7"',
        'name: "drop7" type: "Dropout" bottom: "fc7_relu7" top: "fc7_relu7"',
    )
)
BEFORE = np.array([[-3.0, -2.0, -2.0, -1.0, 0.5, 1.5, 1.5, 3.0]], np.float32)
AFTER = np.maximum(BEFORE, 0)


@pytest.fixture
def panel(keeper, qtbot) -> HistogramPanel:
    panel = HistogramPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(648, 262)
    panel.show()
    return panel


@pytest.fixture
def filled(panel: HistogramPanel) -> HistogramPanel:
    panel.show_choices(NET, "relu7")
    panel.show_summaries(summarise_values([BEFORE, AFTER], bins=10))
    return panel


def test_an_empty_panel_says_what_fills_it(panel) -> None:
    assert panel.empty_state.isVisible()
    assert panel.request() is None
    assert panel.view() is None


def test_an_in_place_layer_is_compared_with_what_it_read(panel) -> None:
    panel.show_choices(NET, "relu7")
    assert (panel.bar.a.words, panel.bar.b.words) == ("fc7 · fc7@0", "relu7 · fc7@1")
    assert panel.request() == HistogramRequest((("fc7", "fc7"), ("relu7", "fc7")))


@pytest.mark.parametrize("layer", ["fc8", "data"])
def test_any_other_layer_stands_alone(panel, layer: str) -> None:
    panel.show_choices(NET, layer)
    assert (panel.bar.a.words, panel.bar.b.words) == (layer, "no second value")
    assert panel.request().values == ((layer, layer),)
    assert not panel.bar.pair_button.isEnabled()


def test_choices_and_bins_ask_anew(panel, qtbot) -> None:
    panel.show_choices(NET, "relu7")
    asked = []
    panel.summaries_requested.connect(asked.append)
    panel.bar.choose_bins(50)
    panel.bar.trimmed_action.trigger()
    panel.bar.b.value_chosen.emit("", "")
    both = (("fc7", "fc7"), ("relu7", "fc7"))
    assert asked == [
        HistogramRequest(both, 50),
        HistogramRequest(both, 50, True),
        HistogramRequest(both[:1], 50, True),
    ]


def test_the_same_value_twice_is_measured_once(panel) -> None:
    panel.show_choices(NET, "fc8")
    panel.bar.b.value_chosen.emit("fc8", "fc8")
    assert panel.request().values == (("fc8", "fc8"),)


def test_before_and_after_are_one_click_away(panel, qtbot) -> None:
    panel.show_choices(NET, "relu7")
    panel.bar.b.value_chosen.emit("drop7", "fc7")
    assert panel.series_words == ("fc7 · fc7@0", "drop7 · fc7@2")
    with qtbot.waitSignal(panel.summaries_requested) as asked:
        panel.bar.pair_button.click()
    assert asked.args[0].values == (("fc7", "fc7"), ("relu7", "fc7"))
    assert "fc7 · fc7@0, relu7 · fc7@1" in panel.bar.pair_button.toolTip()


def test_what_was_chosen_stays_through_a_forward_and_a_rename(panel) -> None:
    panel.show_choices(NET, "relu7")
    panel.bar.b.value_chosen.emit("drop7", "fc7")
    panel.show_choices(NET, "relu7")  # as another image or Forward does
    assert panel.series_words == ("fc7 · fc7@0", "drop7 · fc7@2")
    panel.show_choices(OWN_BLOB, "relu7", {("relu7", "fc7_relu7")})
    assert panel.series_words == ("fc7", "drop7 · fc7_relu7@1")
    panel.show_choices(OWN_BLOB, "fc8")
    assert panel.series_words == ("fc8",)


@pytest.mark.parametrize("width", [560, 612, 720])
def test_a_and_b_are_told_apart_in_any_room(keeper, qtbot, width: int) -> None:
    """WINDOW_FAULTS 21 and 22: both boxes read "fire8/conv1x1_2@0, b..."."""
    text = NET.text.replace("fc7", "fire8/squeeze_expand1x1_2").replace("relu7", "fire8/relu_1x1_2")
    panel = HistogramPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(width, 262)
    panel.show()
    net = read_net(text)
    panel.show_choices(net, "fire8/relu_1x1_2")
    panel.show_summaries(summarise_values([BEFORE, AFTER], bins=10))
    bar = panel.bar
    for button in (bar.a, bar.b):
        room = button.width() - 30
        near = [other.words for other in (bar.a, bar.b) if other is not button]
        shown = elide_name(button.words, room, button.fontMetrics().horizontalAdvance, near)
        assert shown.endswith(button.words[-2:])
        assert button.fontMetrics().horizontalAdvance(shown) <= room
    right = bar.save_button.geometry().right()
    assert right < panel.width()
    titles = panel.statistics.statistics.short_titles[1:]
    assert titles[0] != titles[1]


def test_exact_zeros_stand_apart_from_the_bins(filled) -> None:
    view = filled.view()
    before, after = view.series
    assert 0.0 in view.edges
    assert (before.statistics.n_zeros, after.statistics.n_zeros) == (0, 4)
    assert before.histogram.counts.sum() == 8
    assert after.histogram.counts.sum() == 4
    assert side_sentences(view) == ("negative: A only", "positive: A = B")


def test_statistics_are_a_table_to_copy(filled, qtbot) -> None:
    rows = {row[0]: row[1:] for row in filled.statistics.rows()}
    assert rows["min"] == ("−3.000", "0.000")
    assert rows["max"] == ("3.000", "3.000")
    assert rows["sparsity"] == ("0.0 %", "50.0 %")
    assert rows["negative"] == ("4", "0")
    assert rows["NaN, Inf"] == ("0, 0", "0, 0")
    assert rows["L2 norm"] == ("5.635", "3.708")  # the roots of 31.75 and 13.75
    filled.statistics.setFocus()
    qtbot.keyClick(filled.statistics, Qt.Key_C, Qt.ControlModifier)
    copied = QApplication.clipboard().text().splitlines()
    assert copied[0] == "Statistic\tA fc7 · fc7@0\tB relu7 · fc7@1"
    assert copied[2] == "min\t−3.000\t0.000"
    assert len(copied) == 14


def test_selected_statistics_are_copied_alone(filled, qtbot) -> None:
    """By mouse and keys: mean and std of B, below its heading; Escape lets the selection go."""
    table = filled.statistics
    table.scrollTo(table.model().index(4, 2))
    cell = table.visualRect(table.model().index(3, 2)).center()
    qtbot.mouseClick(table.viewport(), Qt.LeftButton, pos=cell)
    qtbot.keyClick(table, Qt.Key_Down, Qt.ShiftModifier)
    qtbot.keyClick(table, Qt.Key_C, Qt.ControlModifier)
    mean, std = (f"{value:.4f}" if value < 1 else f"{value:.3f}"
                 for value in (AFTER.mean(), AFTER.std()))  # fmt: skip
    assert QApplication.clipboard().text() == f"B relu7 · fc7@1\n{mean}\n{std}"
    qtbot.keyClick(table, Qt.Key_Escape)
    assert not table.selectedIndexes()


def test_statistics_are_aligned_and_differences_stand_out(filled) -> None:
    model = filled.statistics.model()
    right = {model.index(row, column).data(Qt.TextAlignmentRole) for row in range(13)
             for column in (1, 2)}  # fmt: skip
    assert right == {int(Qt.AlignRight | Qt.AlignVCenter)}
    bold = [model.index(row, 2).data(Qt.FontRole).bold() for row in range(13)]
    rows = filled.statistics.rows()
    assert bold == [row[1] != row[2] for row in rows]
    assert bold[:3] == [False, True, False]  # the count, the least, the greatest


def test_the_mouse_reads_a_bin_out(filled, qtbot) -> None:
    area = filled.plot.viewport()
    qtbot.mouseMove(area, QPoint(2, 2))
    qtbot.mouseMove(area, filled.plot.place_of(1.5))
    lines = filled.plot.readout()
    assert lines[0].startswith("[")
    assert lines[1:] == ("A and B: 2 values", "25.00 % of 8")
    qtbot.mouseMove(area, QPoint(2, 2))
    assert filled.plot.readout() == ()


def test_arrow_keys_walk_the_bins(filled, qtbot) -> None:
    qtbot.keyClick(filled.plot, Qt.Key_Right)
    at_zero = filled.plot.readout()[0]
    assert at_zero.startswith("[0")
    qtbot.keyClick(filled.plot, Qt.Key_Left)
    assert filled.plot.readout()[0].startswith("[−")
    assert filled.plot.readout()[1] == "A and B: 0 values"
    for _ in range(30):
        qtbot.keyClick(filled.plot, Qt.Key_Right)
    assert filled.plot.readout()[0].endswith("]")
    qtbot.keyClick(filled.plot, Qt.Key_Escape)
    assert filled.plot.readout() == ()


def test_csv_holds_every_bin(filled, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    filled.show_source(("net.prototxt", "cat.jpg"))
    filled.show_summaries(summarise_values([BEFORE, AFTER], bins=10))
    filled.save_to(path)
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["fc7 · fc7@0 and relu7 · fc7@1, net.prototxt, cat.jpg"]
    assert rows[1] == ["kind", "low", "high", "count fc7 · fc7@0", "count relu7 · fc7@1"]
    assert rows[2] == ["exactly 0", "0", "0", "0", "4"]
    bins = rows[3:]
    assert sum(int(row[3]) for row in bins) == 8
    assert [float(row[1]) for row in bins] == filled.view().edges[:-1].tolist()


def test_pictures_are_saved_as_drawn(filled, tmp_path: Path) -> None:
    filled.save_to(tmp_path / "out.png")
    assert QImage(str(tmp_path / "out.png")).width() == 1440
    filled.save_to(tmp_path / "out.svg")
    assert "exactly 0" in written_in(tmp_path / "out.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.png", "out.svg"]


def test_values_beyond_the_range_are_counted_at_the_end_where_they_lie(
    panel, tmp_path: Path
) -> None:
    """Of BEFORE, three values lie below -1.5 and one above 2; of AFTER, one above 2."""
    panel.show_choices(NET, "relu7")
    summaries = summarise_values([BEFORE, AFTER], bins=7, value_range=(-1.5, 2.0))
    panel.show_summaries(summaries)
    panel.save_to(tmp_path / "both.svg")
    texts = written_in(tmp_path / "both.svg")
    assert texts["3 below"] < texts["1 above"]
    panel.show_summaries(summarise_values([AFTER], bins=7, value_range=(-3.0, 3.0)))
    panel.save_to(tmp_path / "none.svg")
    assert not [text for text in written_in(tmp_path / "none.svg") if "below" in text]


def written_in(path: Path) -> dict[str, float]:
    """The texts of an SVG file and how far right each begins."""
    shifts: list[float] = []
    found = {}
    for element in ElementTree.parse(path).iter():
        if transform := element.get("transform"):
            shifts = [float(number) for number in re.findall(r"-?[0-9.]+", transform)]
        if element.tag.endswith("}text") and element.text:
            assert abs(shifts[0]) + abs(shifts[1]) == 1.0, "no text is scaled"
            x, y = float(element.get("x", 0)), float(element.get("y", 0))
            found[element.text.strip()] = shifts[0] * x + shifts[2] * y + shifts[4]
    return found


def test_a_saved_plot_says_what_it_shows(filled, tmp_path: Path) -> None:
    """Layers, versions, net and image; then the series, the axes and their numbers."""
    filled.show_source(("net.prototxt", "cat.jpg"))
    filled.show_summaries(summarise_values([BEFORE, AFTER], bins=10))
    filled.save_to(tmp_path / "out.svg")
    texts = written_in(tmp_path / "out.svg")
    assert "fc7 · fc7@0 and relu7 · fc7@1, net.prototxt, cat.jpg" in texts
    assert {"exactly 0", "A fc7 · fc7@0", "B relu7 · fc7@1", "value", "values per bin"} <= set(
        texts
    )
    assert {"50 %", "100 %", "0", "2"} <= set(texts)
    assert texts["exactly 0"] < texts["−2"] < texts["A fc7 · fc7@0"]


def test_the_wheel_zooms_along_the_values_and_a_double_click_shows_all(filled, qtbot) -> None:
    whole = filled.plot.shown_range()
    assert whole == (filled.view().edges[0], filled.view().edges[-1])
    place = filled.plot.place_of(0.5)
    turn = QWheelEvent(
        QPointF(place), QPointF(filled.plot.mapToGlobal(place)), QPoint(), QPoint(0, 240),
        Qt.NoButton, Qt.NoModifier, Qt.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(filled.plot.viewport(), turn)
    low, high = filled.plot.shown_range()
    assert whole[0] < low < 0.5 < high < whole[1]
    qtbot.mouseDClick(filled.plot.viewport(), Qt.LeftButton, pos=place)
    qtbot.mouseRelease(filled.plot.viewport(), Qt.LeftButton, pos=place)  # else Qt holds it down
    assert filled.plot.shown_range() == whole


def test_a_folder_that_takes_no_file_is_named(filled, tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"can.t be written"):
        filled.save_to(tmp_path / "absent" / "out.csv")
    with pytest.raises(AppError, match=r"\.gif"):
        filled.save_to(tmp_path / "out.gif")


def test_a_narrow_plot_is_drawn_whole(filled, qtbot) -> None:
    """Titles give way and names stand above it; nothing lies beside what shows or over it."""
    filled.resize(420, 180)
    plot = filled.plot
    qtbot.waitUntil(lambda: plot.ci.geometry().width() == plot.viewport().width())
    assert plot.viewport().rect().contains(plot.place_of(2.9))
    shown = {
        item.toPlainText()
        for item in plot.scene().items()
        if isinstance(item, QGraphicsTextItem) and item.isVisible()
    }
    assert "exactly 0" in shown
    assert not {text for text in shown if "A only" in text or "relu7" in text}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("is_log", [False, True])
def test_series_are_drawn_in_their_colours(filled, keeper, theme: str, is_log: bool) -> None:
    keeper.choose(theme)
    filled.bar.log_action.setChecked(is_log)
    image = filled.plot.grab().toImage()
    colours = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert keeper.theme.series_b.rgb() in colours
    assert keeper.theme.panel.rgb() in colours
    keeper.choose("light")


@pytest.mark.parametrize(
    ("is_log", "ratio"), [(False, 8.0), (True, math.log10(8 / 0.5) / math.log10(1 / 0.5))]
)
def test_heights_are_counts_or_their_logarithms(panel, is_log: bool, ratio: float) -> None:
    """A bin of one value and one of eight; a log axis starts at half a value."""
    panel.resize(900, 500)
    panel.show_choices(NET, "fc8")
    panel.bar.log_action.setChecked(is_log)
    values = np.array([[-1.5] + [1.5] * 8], np.float32)
    panel.show_summaries(summarise_values([values], bins=4, value_range=(-2.0, 2.0)))
    image = panel.plot.grab().toImage()

    def height(value: float) -> int:
        x = panel.plot.place_of(value).x()
        panel_colour = Theme.light().panel.rgb()
        rows = [y for y in range(TITLE_HEIGHT + 4, image.height() - AXIS_HEIGHT - 4)
                if image.pixel(x, y) not in (panel_colour, Theme.light().grid.rgb())]  # fmt: skip
        return image.height() - AXIS_HEIGHT - 3 - min(rows)

    assert height(1.7) / height(-1.3) == pytest.approx(ratio, rel=0.06)


def test_the_bar_of_exact_zeros_is_as_high_as_their_share(filled) -> None:
    """Half of B is zero; the axis ends at 120 %."""
    filled.resize(900, 500)
    image = filled.plot.grab().toImage()
    colour = Theme.light().series_b.rgb()
    tallest = max(
        sum(image.pixel(x, y) == colour for y in range(image.height())) for x in range(ZEROS_WIDTH)
    )
    room = image.height() - TITLE_HEIGHT - AXIS_HEIGHT
    assert tallest == pytest.approx(room * 50 / 120, rel=0.04)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((1, 6), np.float32),
        np.full((1, 6), 2.5, np.float32),
        np.array([[np.nan, np.inf, -np.inf]], np.float32),
        np.array([[1e-30, 3e-30]], np.float64),
        np.array([[1e20, -1e20, 0]], np.float64),
    ],
)
def test_odd_values_can_be_drawn(panel, values: np.ndarray) -> None:
    panel.show_choices(NET, "fc8")
    panel.show_summaries(summarise_values([values]))
    for is_log in (False, True):
        panel.bar.log_action.setChecked(is_log)
        assert not panel.plot.grab().isNull()
    assert len(panel.statistics.rows()) == 13


@pytest.mark.parametrize("highest", [1, 2, 3, 7, 40, 287, 4096, 1_000_000])
def test_counts_are_marked_at_whole_numbers(keeper, qtbot, highest: int) -> None:
    axis = Axis("left", is_count=True)
    ((spacing, places),) = axis.tickValues(0, highest * 1.06, 200)
    assert 2 <= len(places) <= 8
    assert spacing == int(spacing)
    assert all(place == int(place) for place in places)


def test_counts_on_a_log_axis_are_marked_at_powers_of_ten(keeper, qtbot) -> None:
    axis = Axis("left", is_count=True)
    axis.setLogMode(False, True)
    ((spacing, places),) = axis.tickValues(math.log10(0.5), math.log10(5000), 200)
    assert axis.tickStrings(places, 1.0, spacing) == ["1", "10", "100", "1,000"]


def test_pyqtgraph_is_loaded_only_once_there_is_something_to_draw(
    repository: Path, tmp_path: Path
) -> None:
    """It takes longer to import than all of the window."""
    code = (
        "import sys; from gui.app import make_application, make_workbench;"
        "from gui.settings import Settings; from pathlib import Path;"
        "app = make_application(); bench = make_workbench(app, Settings(Path(sys.argv[1])));"
        "bench.window.show(); found = 'pyqtgraph' in sys.modules; bench.close(); sys.exit(found)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "settings.json"],
        cwd=repository, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0


def test_pyqtgraph_leaves_the_hooks_for_bugs_alone() -> None:
    code = (
        "import sys, threading; before = sys.excepthook, threading.excepthook;"
        "import gui.widgets.plot; sys.exit(before != (sys.excepthook, threading.excepthook))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    assert done.returncode == 0


def test_numbers_are_written_to_be_read() -> None:
    assert value_text(-0.88691) == "−0.8869"
    assert value_text(127.584) == "127.58"
    assert value_text(0.0) == "0.000"
    assert value_text(1.2e-5) == "1.20e−05"
    assert value_text(math.nan) == "NaN"
    assert value_text(-math.inf) == "−Inf"
    assert bin_text(1.13, 1.36, is_last=False) == "[1.13, 1.36)"
    assert bin_text(13.0, 14.0, is_last=True) == "[13.0, 14.0]"
    assert tick_text(-5.0, 5.0) == "−5"
    assert tick_text(0.25, 0.05) == "0.25"


def test_percentages_are_never_rounded_to_a_lie() -> None:
    assert share_text(0, 4096) == "0.0 %"
    assert share_text(1, 1_000_000) == "< 0.1 %"
    assert share_text(999_999, 1_000_000) == "> 99.9 %"
    assert share_text(4096, 4096, 0) == "100 %"
    assert share_text(3074, 4096) == "75.0 %"


def test_before_and_after_stay_once_a_layer_has_a_blob_of_its_own(qtbot, keeper) -> None:
    """WINDOW_FAULTS 27: a rename makes both readable, and the plot had dropped one of them."""
    assert OWN_BLOB.layer("relu7").tops == ("fc7_relu7",)
    for own, wanted in (
        ({("relu7", "fc7_relu7")}, (("fc7", "fc7"), ("relu7", "fc7_relu7"))),
        ((), (("relu7", "fc7_relu7"),)),
    ):
        panel = HistogramPanel(keeper)
        qtbot.addWidget(panel)
        panel.show_choices(OWN_BLOB, "relu7", own)
        assert panel.request().values == wanted
