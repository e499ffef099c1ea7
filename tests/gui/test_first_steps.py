"""First steps: every way it names is in the menus, and it opens from where a newcomer is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel

from gui.actions import MENUS, ROWS
from gui.dialogs.first_steps import STEPS, WORDS, FirstStepsDialog, ways

REPOSITORY = Path(__file__).resolve().parents[2]


def dialog_of(bench) -> FirstStepsDialog:
    (dialog,) = (d for d in bench.window.findChildren(FirstStepsDialog) if d.isVisible())
    return dialog


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_way_is_an_entry_of_the_menus(step) -> None:
    entries = {f"{row.menu}, {row.text.rstrip('…')}" for row in ROWS}
    assert step.actions
    assert all(way.split(" (")[0] in entries for way in ways(step))
    assert all(way.split(",")[0] in MENUS for way in ways(step))


@pytest.mark.parametrize("page", ["README.md", "core/retrieval/cluster/README.md"])
def test_pages_name_menus_that_are_there(page: str) -> None:
    """README sent to *Run, Engine…* long after that menu had gone."""
    entries = {f"{row.menu}, {row.text.rstrip('…')}" for row in ROWS}
    named = re.findall(r"\*([A-Z][a-z]+, [A-Z][^*]+)\*", (REPOSITORY / page).read_text())
    assert named
    assert {way.rstrip("…").replace("\n", " ") for way in named} <= entries


def test_a_newcomer_finds_it_on_the_start_page_and_in_help(make_bench, qtbot) -> None:
    bench = make_bench(is_shown=True)
    qtbot.mouseClick(bench.window.start_page.steps_link, Qt.LeftButton)
    said = {label.text() for label in dialog_of(bench).findChildren(QLabel)}
    assert {step.words for step in (*STEPS, *WORDS)} <= said
    assert "File, Open image (Ctrl+I); Net, Forward (F5); Net, What the net sees (Ctrl+P)" in said
    dialog_of(bench).close()
    bench.window.actions_["first_steps"].trigger()
    assert dialog_of(bench)
