"""The Training page: who asks for its jobs, and what it tells the window."""

from __future__ import annotations

from collections.abc import Callable

from gui.controllers.dropping import DroppingController
from gui.controllers.exporting import ExportingController
from gui.controllers.opening import OpeningController
from gui.controllers.sessions import SessionController
from gui.controllers.status import StatusController
from gui.controllers.training.controller import TrainingController
from gui.document import ModelDocument
from gui.main_window import MainWindow


def connect_training(
    window: MainWindow,
    document: ModelDocument,
    training: TrainingController,
    opening: OpeningController,
    status: StatusController,
    exporting: ExportingController,
    sessions: SessionController,
    dropping: DroppingController,
) -> None:
    """Menu Training, the status line, and pictures that open as the window's image."""
    actions, page = window.actions_, window.training_page
    data, net, run = training.data, training.net, training.run

    def on_step(action_id: str, step: str, do: Callable[[], object]) -> None:
        def act() -> None:
            window.show_page("training")
            page.show_step(step)
            do()

        actions.on(action_id, act)

    def select(layer: str) -> None:
        """A layer of the file that is made, where the net has one of that name."""
        if document.net is not None and document.net.has_layer(layer):
            document.select(layer)

    on_step("training_folder", "data", data.choose_folder)
    on_step("training_table", "data", data.choose_table)
    on_step("training_check", "data", data.check)
    on_step("training_report", "data", data.save_report)
    on_step("training_split", "data", data.choose_split)
    on_step("training_net", "net", net.choose_net)
    on_step("training_write", "net", net.write)
    on_step("training_start", "run", run.start)
    actions.on("training_pause", run.pause)
    actions.on("training_stop", run.stop)
    on_step("training_resume", "run", run.go_on)
    page.start_run.clicked.connect(actions["training_start"].trigger)
    run.used.connect(opening.open_paths)
    run.state_changed.connect(status.refresh)
    on_step("training_prove", "proof", training.proof.start)
    on_step("training_proof_report", "proof", training.proof.save_report)
    training.proof.written.connect(exporting.saved)
    training.proof.state_changed.connect(status.refresh)
    net.open_requested.connect(actions["open_model"].trigger)
    net.split_requested.connect(actions["training_split"].trigger)
    page.net.layer_clicked.connect(select)
    for step_controller in (data, net, run, training.proof):
        step_controller.said.connect(status.say)
    data.written.connect(exporting.saved)
    training.image_opened.connect(opening.open_image)
    dropping.is_training = lambda: window.page == "training"
    dropping.train_on = training.take
    sessions.training_folder = training.folder_to_remember
    sessions.open_training = data.open_split
    status.extra_facts.append(training.facts)
    training.project.changed.connect(status.refresh)
    net.made.connect(status.refresh)
    status.refresh()
