"""What the window says when the engine, a job or Blobscope itself fails, and what helps."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QObject
from PyQt5.QtGui import QGuiApplication

from core.engines.consent import BEYOND_CONSENT, PythonLayersRefused, PythonPrograms
from core.errors import AppError, EngineCrashed
from gui.controllers.engine_child import UNAVAILABLE, EngineController
from gui.controllers.engine_choice import EngineChoiceController
from gui.notices import CodeLine, Notice, NoticeAction, Notices
from gui.runs import Run

_MOST_SHOWN = 8
_LINE_LENGTH = 64
_SHOWN_OF_PARAM_STR = 60


class TroubleController(QObject):
    """Turns failures into notices with the repair first."""

    def __init__(
        self,
        engine: EngineController,
        engine_choice: EngineChoiceController,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._engine_choice = engine_choice
        self._notices = notices
        notices.offer_remedy(PythonLayersRefused, self._ask_trust)
        engine.crashed.connect(self._show_crash)
        engine.state_changed.connect(self._show_unavailable)
        engine.restarted.connect(lambda: notices.dismiss("engine"))
        engine.request_changed.connect(lambda: notices.dismiss("python-layers"))

    def show_failed_run(self, run: Run, error: AppError) -> None:
        """A job that nobody else answers for."""
        if not isinstance(error, EngineCrashed):  # has its own notice
            self._notices.show_error(error, run.key)

    def show_failed_verify(self, error: AppError) -> None:
        """A proof that could not be made."""
        self._notices.show_error(error, "verify")

    def show_bug(self, error: BaseException, report: Path | None) -> None:
        """Something of ours is broken; `report` says what, if it could be written."""
        where = f"A crash report is in {report}." if report else "No crash report could be written."
        self._notices.show(
            Notice(
                "error",
                "Something went wrong inside Blobscope",
                f"{where} Your file and your edits are safe.",
                code=(CodeLine(0, f"{type(error).__name__}: {error}"[:200]),),
                actions=(NoticeAction("copy", "Copy details"),),
                key="bug",
            ),
            {"copy": lambda: _copy(str(report or error))},
        )

    def _show_crash(self, error: EngineCrashed) -> None:
        said = error.details.splitlines()  # Caffe's own reason first, where it gave one
        lines = tuple(CodeLine(0, line) for line in (*said[:1], *said[1:][-5:]))
        doing = f" while running {error.running}" if error.running else ""
        details = f"{error.sentence}\n{error.hint}\n{error.details}"
        self._notices.show(
            Notice(
                "error",
                f"The engine stopped{doing}",
                error.hint,
                code=lines,
                actions=(
                    NoticeAction("restart", "Restart engine", "restart"),
                    NoticeAction("copy", "Copy details"),
                ),
                key="engine",
            ),
            {"restart": self._engine.restart, "copy": lambda: _copy(details)},
        )

    def _ask_trust(self, error: AppError) -> None:
        """Running a Python layer runs a program of this computer: only the user decides on it."""
        if not isinstance(error, PythonLayersRefused):
            return
        programs = error.programs
        if programs is None:
            return
        n_layers = len(error.layers)
        count = "a Python layer" if n_layers == 1 else f"{n_layers} Python layers"
        self._notices.show(
            Notice(
                "warning",
                f"This net has {count}",
                "Running it runs these files with your rights. Nothing has run yet. Your answer"
                f" holds until the window closes, and for this content only. {BEYOND_CONSENT}"
                " Viewing, editing and renaming need none of them.",
                code=_program_lines(error.layers, programs),
                actions=(
                    NoticeAction("trust", "Run this code", "play", closes=True),
                    NoticeAction("leave", "Leave it", closes=True),
                ),
                key="python-layers",
            ),
            {"trust": lambda: self._engine.agree_to(programs)},
        )

    def _show_unavailable(self) -> None:
        if self._engine.state != UNAVAILABLE or self._notices.has("engine"):
            return
        self._notices.show(
            Notice(
                "error",
                f"The {self._engine.title} engine did not start",
                self._engine.sentence,
                actions=(
                    NoticeAction("restart", "Start again", "restart", closes=True),
                    NoticeAction("choose", "Choose another engine", "chip"),
                ),
                key="engine",
            ),
            {"restart": self._engine.restart, "choose": self._engine_choice.ask},
        )


def _program_lines(
    layers: Sequence[tuple[str, str]], programs: PythonPrograms
) -> tuple[CodeLine, ...]:
    """What calls, with which parameters, and which files that runs."""
    rows = list(zip(layers, programs.calls, strict=False))
    told = [
        f"{name}: {program} {parameters[:_SHOWN_OF_PARAM_STR]}".rstrip()
        for (name, program), (_, _, parameters) in rows
    ]
    lines = [*_some(told, "layers"), *_some(programs.sentences, "files")]
    return tuple(
        CodeLine(0, part)
        for line in lines
        for part in textwrap.wrap(line, _LINE_LENGTH, subsequent_indent="    ")
    )


def _some(lines: Sequence[str], noun: str) -> tuple[str, ...]:
    more = len(lines) - _MOST_SHOWN
    return (*lines[:_MOST_SHOWN], f"and {more} more {noun}") if more > 0 else tuple(lines)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
