"""What goes wrong and where it is said."""

from __future__ import annotations

from pathlib import Path

from gui.controllers.autosaving import AutosavingController
from gui.controllers.trouble import TroubleController
from gui.controllers.verifying import VerifyingController
from gui.crash import CrashHook
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices


def connect_notices(window: MainWindow, notices: Notices) -> None:
    """The strip shows what is to be said and takes the answers; the bell keeps all of it."""
    bar, line, bell = window.notice_bar, window.status_line, window.bell_popup

    def show() -> None:
        bar.show_notices(notices.current)
        line.set_bell(len(notices.told), bar.front.kind if bar.front is not None else "info")
        bell.show_told(notices.told, frozenset(notice.key for notice in notices.current))

    notices.changed.connect(show)
    bar.action_triggered.connect(notices.trigger)
    bar.closed.connect(notices.dismiss)
    bell.action_triggered.connect(notices.trigger)


def connect_trouble(
    lanes: Lanes,
    hook: CrashHook,
    verifying: VerifyingController,
    trouble: TroubleController,
    autosaving: AutosavingController,
) -> None:
    """Jobs that failed and bugs, at which unsaved edits are kept first."""

    def meet_bug(error: BaseException, report: Path | None) -> None:
        autosaving.hurry()
        trouble.show_bug(error, report)

    lanes.bug_found.connect(hook.report)
    lanes.failed.connect(trouble.show_failed_run)
    verifying.failed.connect(trouble.show_failed_verify)
    hook.on_bug = meet_bug
