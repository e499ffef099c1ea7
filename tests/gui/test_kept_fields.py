"""What is chosen in the fields of the pages comes back with a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QScrollBar,
    QSpinBox,
    QWidget,
)

from gui.panels.retrieval.sweep_bar import TickButton
from gui.widgets.kept import kept_fields, kept_words, take_words, word_of
from gui.widgets.segments import Segments

ELSEWHERE = {
    # how the session or the settings have it otherwise
    "Phase": "the state of the net; of two files it begins anew with them",
    "Colours": "a setting, for all nets",
    "View: Ranking": "the search",
    "Pooling": "the search", "GeM's exponent": "the search", "After pooling": "the search",
    "Part of the query": "the search",
    "Nearest": "the search", "Expansion": "the search", "Re-ranking": "the search",
    "Augmented": "the search", "How several images are one query": "the search",
    "Bits in which near-duplicates differ at most": "the search",
    "Leave copies out": "the search",
    "Method: PCA": "the search",
    "Draw stages and in-place chains as one box": "the graph",
    "What is done to the channel: as it is": "the interventions",
    "Factor of the channel": "the interventions",
    "Steps of integrated gradients": "a setting", "Where the steps begin": "a setting",
    "Patch of occlusion in pixels": "a setting", "Stride of occlusion in pixels": "a setting",
    "What covers the picture": "a setting",
    # what is typed to act at once
    "Name of the new blob": "a wish, filled for each layer",
    "Find in the graph": "a search", "Find a layer": "a list that opens",
    # what depends on the layer, the image or the ranking that is looked at, and is filled with it
    "Target: class": "of the image", "Class": "of the image", "Channel": "of the image",
    "Of the channel": "of the image", "Score": "of the net",
    "Grad-CAM at the layer": "of the layer", "chain ": "of the layer",
    "Array": "of the layer", "Sort": "of the layer", "Range": "of the layer",
    "Colour: ": "of the layer",
    "Results: ": "of the ranking", "Show places": "of the result",
    "Pooling of A": "of the query", "Pooling of B": "of the query",
    "Result A": "of the gallery", "Result B": "of the gallery",
    # the project of a training, in its own folder
    "Data": "the step", "Net": "the step", "Run": "the step", "Proof": "the step",
}  # fmt: skip
OF_TRAINING = "SourcePanel SplitPanel AugmentPanel NetStart NetFields".split()
"""Panels that show the project, which is kept in a folder of its own."""


def editable(window: QWidget) -> list[QWidget]:
    """The fields of all pages that a user can change and that stay so."""
    found = []
    for page in window.pages.values():
        for field in page.findChildren(QWidget):
            is_part = isinstance(field.parent(), QAbstractSpinBox | QComboBox)
            is_number = isinstance(field, QAbstractSpinBox | QAbstractSlider)
            is_text = isinstance(field, QLineEdit | QComboBox | Segments | TickButton)
            is_switch = isinstance(field, QAbstractButton) and field.isCheckable()
            if (is_number or is_text or is_switch) and not isinstance(field, QScrollBar):
                found += [] if is_part else [field]
    return found


def name_of(field: QWidget) -> str:
    name = field.accessibleName()
    return name or (field.text() if isinstance(field, QAbstractButton) else "")


def is_of_training(field: QWidget) -> bool:
    around = field
    while around is not None:
        if type(around).__name__ in OF_TRAINING:
            return True
        around = around.parentWidget()
    return False


def test_every_field_is_kept_or_known_to_be_kept_elsewhere(bench) -> None:
    kept = set(map(id, kept_fields(bench.window).values()))
    lost = {
        f"{type(field.parent()).__name__}: {name_of(field)}"
        for field in editable(bench.window)
        if id(field) not in kept
        and not is_of_training(field)
        and not any(name_of(field).startswith(name) for name in ELSEWHERE)
    }
    assert lost == set(), 'name them with gui.widgets.kept.keep("group", name=field)'


def test_no_two_fields_have_one_name(bench) -> None:
    fields = [f for f in bench.window.findChildren(QWidget) if f.property("keptAs")]
    assert len({f.property("keptAs") for f in fields}) == len(fields) > 30


def change(field: QWidget) -> None:
    """To another word than the one it says, by what a user reaches."""
    if isinstance(field, Segments):
        keys = list(field.shown)
        field.choose(keys[(keys.index(field.current) + 1) % len(keys)])
    elif isinstance(field, TickButton):
        next(action for action in field.ticks.values() if not action.isChecked()).trigger()
    elif isinstance(field, QComboBox):
        place = (field.currentIndex() + 1) % max(1, field.count())
        field.setCurrentIndex(place)
        field.activated.emit(place)
    elif isinstance(field, QSpinBox | QDoubleSpinBox | QAbstractSlider):
        up = field.value() + field.singleStep()
        field.setValue(up if up <= field.maximum() else field.minimum())
    elif isinstance(field, QLineEdit):
        field.setText("conv")
    else:
        field.click()


def test_what_was_changed_comes_back(make_bench, qtbot, user, tmp_path: Path) -> None:
    """The numbers of t-SNE and the choices of a sweep began anew."""
    net = tmp_path / "net.prototxt"
    net.write_text(
        'layer { name: "data" type: "Input" top: "data"'
        " input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n"
        'layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"'
        " convolution_param { num_output: 4 kernel_size: 3 } }\n"
    )
    first = make_bench(is_shown=True)
    first.opening.open_paths([net])
    qtbot.waitUntil(lambda: first.document.net is not None and first.lanes.is_idle, timeout=15000)
    before = kept_words(first.window)
    for field in kept_fields(first.window).values():
        change(field)
    qtbot.waitUntil(lambda: first.lanes.is_idle, timeout=15000)
    wanted = kept_words(first.window)
    changed = {name for name, word in wanted.items() if word != before[name]}
    assert {"map perplexity", "map seed", "sweep poolings", "layers filter"} <= changed
    assert len(changed) >= len(wanted) - 8  # some lists are empty without images
    path = tmp_path / "mine.blobscope"
    user.files.append((path,))
    first.window.actions_["save_session"].trigger()
    qtbot.waitUntil(lambda: path.exists() and first.lanes.is_idle)
    assert first.close()
    second = make_bench(is_shown=True)
    assert kept_words(second.window) != wanted
    second.opening.open_paths([path])
    qtbot.waitUntil(lambda: second.document.net is not None and second.lanes.is_idle, timeout=15000)
    assert kept_words(second.window) == wanted


@pytest.mark.parametrize("word", ["", "no such", "1e400", "-5", "nan", "yes", "\0", "?,gip"])
def test_words_of_a_strangers_session_do_no_harm(bench, word: str) -> None:
    fields = kept_fields(bench.window)
    before = kept_words(bench.window)
    left = take_words(bench.window, dict.fromkeys([*fields, "no such field"], word))
    assert "no such field" not in left
    for name, field in fields.items():
        if isinstance(field, Segments | QComboBox | TickButton):
            assert word_of(field) == before[name]
