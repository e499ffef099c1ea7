"""The Training page: who asks for its jobs, and what it tells the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gui.controllers.exporting import ExportingController
from gui.controllers.opening import OpeningController
from gui.controllers.status import StatusController
from gui.controllers.training.controller import TrainingController
from gui.main_window import MainWindow


def connect_training(
    window: MainWindow,
    training: TrainingController,
    opening: OpeningController,
    status: StatusController,
    exporting: ExportingController,
) -> None:
    """Menu Training, the status line, and pictures that open as the window's image."""
    actions, page, data = window.actions_, window.training_page, training.data

    def on_step(action_id: str, step: str, do: Callable[[], object]) -> None:
        def act() -> None:
            window.show_page("training")
            page.show_step(step)
            do()

        actions.on(action_id, act)

    def open_image(path: Path) -> None:
        opening.open_image(path)

    on_step("training_folder", "data", data.choose_folder)
    on_step("training_table", "data", data.choose_table)
    on_step("training_check", "data", data.check)
    on_step("training_report", "data", data.save_report)
    data.said.connect(status.say)
    data.written.connect(exporting.saved)
    training.image_opened.connect(open_image)
    status.extra_facts.append(training.facts)
    training.project.changed.connect(status.refresh)
    status.refresh()
