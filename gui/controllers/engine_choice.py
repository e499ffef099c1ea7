"""Chooses the engine: the list, the dialog with its test, and what is remembered."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from PyQt5.QtCore import QObject, pyqtSignal

from core.engine_names import AUTO, GRAPH_ENGINES, engine_title
from core.engines.base import EngineProcess, EngineSpec, EngineStatus
from core.engines.batch_size import AUTO_BATCH, USUAL_BATCH, BatchWish
from core.engines.caffe.probe import FoundCaffe, find_caffes
from core.engines.launch import CAFFE_PYTHON_VARIABLE, split_command
from core.engines.registry import start_engine, status_of
from core.engines.trial import Chosen
from core.errors import AppError, EngineError
from core.progress import Job
from gui.controllers.engine_child import EngineController
from gui.dialogs.engine_choice import (
    CAFFE,
    TORCH,
    EngineChoice,
    EngineDialog,
)
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notice, NoticeAction, Notices
from gui.settings import Settings
from gui.theme import ThemeKeeper

SETTINGS = "settings"
"""The entry of the list that opens the dialog."""

TEST = "engine-test"
FIND = "find-caffe"


class EngineChoiceController(QObject):
    """Turns what the user chose into the engine that runs."""

    changed = pyqtSignal()
    fidelity_requested = pyqtSignal(str)
    """How far is this precision from float32?"""

    def __init__(
        self,
        keeper: ThemeKeeper,
        lanes: Lanes,
        engine: EngineController,
        window: MainWindow,
        notices: Notices,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._lanes = lanes
        self._engine = engine
        self._window = window
        self._notices = notices
        self._settings = settings
        self.dialog: EngineDialog | None = None
        self.find_caffes: Callable[[], Job[tuple[FoundCaffe, ...]]] = find_caffes
        self._tested: EngineProcess | None = None
        self._last_shown: Chosen | None = None
        popup = window.engine_popup
        popup.engine_box.activated.connect(self._choose)
        popup.precision_box.activated.connect(self._choose_precision)
        popup.batch_box.activated.connect(self._choose_batch)
        self.changed.connect(self.show_precision)
        engine.state_changed.connect(self.show_precision)
        engine.devices_changed.connect(self.show_precision)
        engine.engine_chosen.connect(self._show_chosen)
        self.show_precision()
        self._show_batch()

    def choice(self) -> EngineChoice:
        """The choice that is remembered."""
        settings = self._settings
        return EngineChoice(settings.engine, settings.precision, settings.caffe_command)

    def use(self, choice: EngineChoice) -> None:
        """Run nets this way from now on, and in the next window."""
        try:
            spec = spec_of(choice)
        except AppError as error:
            self._notices.show_error(error, "engine")
            return
        settings = self._settings
        settings.engine, settings.precision = choice.name, choice.precision
        settings.caffe_command = choice.command
        self._notices.dismiss("engine")
        self._engine.choose_engine(spec)
        self.changed.emit()

    def show_precision(self) -> None:
        """The precision in use; an engine that has but one says so."""
        box, takes_one = self._window.engine_popup.precision_box, self._engine.spec.name == TORCH
        box.offer(self._engine.why_no_precision)
        box.choose(self._engine.spec.precision)
        if self.dialog is not None:
            self.dialog.precision.offer(self._engine.why_no_precision)
        box.setEnabled(takes_one)
        box.setToolTip("" if takes_one else "This engine runs in its own precision.")

    def _choose_precision(self) -> None:
        precision = self._window.engine_popup.precision_box.currentData()
        self.use(EngineChoice(TORCH, precision, self.choice().command))

    def _choose_batch(self) -> None:
        self._settings.batch = self._window.engine_popup.batch_box.currentData()
        self._show_batch()

    def _show_batch(self) -> None:
        """What is remembered holds from the next survey on."""
        self._engine.batch = batch_of(self._settings.batch)
        box = self._window.engine_popup.batch_box
        box.setCurrentIndex(max(0, box.findData(str(self._engine.batch))))

    def _show_chosen(self, chosen: Chosen) -> None:
        """Say it once for each reason, with the way back."""
        if chosen.engine == TORCH or chosen == self._last_shown:
            return
        self._last_shown = chosen
        self._notices.show(
            Notice(
                "info",
                f"{engine_title(chosen.engine)} runs this survey",
                f"{chosen.reason}. Values agree to 1e-4; all else stays on PyTorch.",
                actions=(NoticeAction("torch", "Use PyTorch for all", closes=True),),
                key="engine-chosen",
            ),
            {"torch": lambda: self.use(replace(self.choice(), name=TORCH))},
        )

    def ask(self) -> None:
        """Open the dialog."""
        self.close()
        dialog = EngineDialog(
            self._keeper, self.choice(), self._engine.why_no_precision, parent=self._window
        )
        dialog.choice_made.connect(self.use)
        dialog.fidelity_requested.connect(self.fidelity_requested)
        dialog.test_requested.connect(self._test)
        dialog.finished.connect(lambda _code: self._forget(dialog))
        self.dialog = dialog
        dialog.open()
        self._lanes.files.start(
            self.find_caffes, key=FIND, on_result=self._offer, on_error=lambda error: None
        )

    def _offer(self, found: Sequence[FoundCaffe]) -> None:
        if self.dialog is not None:
            self.dialog.show_found([(caffe.candidate.typed, caffe.sentence) for caffe in found])

    def close(self) -> None:
        """Close the dialog and end a test that runs."""
        if self.dialog is not None:
            self.dialog.close()
        self._lanes.cancel(FIND)
        self._stop_test()

    def _choose(self) -> None:
        """An entry of the list; Caffe without a command is asked for it."""
        name = self._window.engine_popup.engine_box.currentData()
        before = self.choice()
        is_ours = name in (TORCH, *GRAPH_ENGINES, AUTO)
        is_known = is_ours or before.command or os.environ.get(CAFFE_PYTHON_VARIABLE)
        if (is_ours or name == CAFFE) and is_known:
            self.use(EngineChoice(name, before.precision, before.command))
        else:
            self.ask()
            if name == CAFFE and self.dialog is not None:
                self.dialog.engines[CAFFE].setChecked(True)
        self.changed.emit()  # the list shows what runs, not what was clicked

    def _test(self, choice: EngineChoice) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        self._stop_test()
        try:
            process = start_engine(spec_of(EngineChoice(CAFFE, command=choice.command)))
        except AppError as error:
            dialog.show_tested(str(error), is_available=False)
            return
        self._tested = process
        dialog.show_testing()
        self._lanes.files.start(
            lambda: _status(process),
            key=TEST,
            on_result=self._show_status,
            on_error=self._show_failure,
        )

    def _show_status(self, status: EngineStatus) -> None:
        if self.dialog is not None:
            self.dialog.show_tested(status.sentence, is_available=True)

    def _show_failure(self, error: AppError) -> None:
        if self.dialog is not None:
            self.dialog.show_tested(str(error), is_available=False)

    def _stop_test(self) -> None:
        if self._tested is not None:
            self._tested.kill()
            self._tested = None

    def _forget(self, dialog: EngineDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
            self._lanes.cancel(FIND)
        self._stop_test()


def remembered_spec(settings: Settings) -> EngineSpec:
    """The engine of the last window; PyTorch where its command can't be read any more."""
    choice = EngineChoice(settings.engine, settings.precision, settings.caffe_command)
    try:
        return spec_of(choice)
    except AppError:
        return EngineSpec()


def spec_of(choice: EngineChoice) -> EngineSpec:
    """How to start the chosen engine. EngineUnavailableError for a command with an open quote."""
    if choice.name == CAFFE:
        return caffe_spec(choice)
    if choice.name in (*GRAPH_ENGINES, AUTO):
        return EngineSpec(choice.name)
    is_plain = choice.precision == "float32"
    return EngineSpec(TORCH, options=() if is_plain else (("precision", choice.precision),))


def batch_of(word: str) -> BatchWish:
    """Images a pass, as remembered; the usual for a word that is no number."""
    if word == AUTO_BATCH:
        return AUTO_BATCH
    return int(word) if word.isascii() and word.isdecimal() and int(word) > 0 else USUAL_BATCH


def caffe_spec(choice: EngineChoice) -> EngineSpec:
    """The user's own Caffe, whichever engine is chosen; without a command the environment's."""
    return EngineSpec(CAFFE, split_command(choice.command))


def _status(process: EngineProcess) -> EngineStatus:
    try:
        return status_of(process)
    finally:
        with contextlib.suppress(EngineError, OSError):
            process.close()
