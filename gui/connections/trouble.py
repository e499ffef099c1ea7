"""What goes wrong and where it is said."""

from __future__ import annotations

from gui.controllers.trouble import TroubleController
from gui.controllers.verifying import VerifyingController
from gui.crash import CrashHook
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.notices import Notices


def connect_notices(window: MainWindow, notices: Notices) -> None:
    """The bar shows what is to be said and takes the answers."""
    bar = window.notice_bar
    notices.changed.connect(lambda: bar.show_notices(notices.current))
    bar.action_triggered.connect(notices.trigger)
    bar.closed.connect(notices.dismiss)


def connect_trouble(
    lanes: Lanes, hook: CrashHook, verifying: VerifyingController, trouble: TroubleController
) -> None:
    """Jobs that failed and bugs."""
    lanes.bug_found.connect(hook.report)
    lanes.failed.connect(trouble.show_failed_run)
    verifying.failed.connect(trouble.show_failed_verify)
    hook.on_bug = trouble.show_bug
