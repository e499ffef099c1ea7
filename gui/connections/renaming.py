"""Renaming blobs, what comes of it, and its proof."""

from __future__ import annotations

from core.engines.measurement import Measurement
from core.engines.verification import Verification
from gui.controllers.changing import ChangingController
from gui.controllers.dialogs import DialogsController
from gui.controllers.opening import OpeningController
from gui.controllers.rename_dialog import RenameDialogController
from gui.controllers.renaming import RenamingController
from gui.controllers.status import StatusController
from gui.controllers.verifying import VerifyingController
from gui.controllers.viewing import ViewingController
from gui.document import ModelDocument
from gui.main_window import MainWindow
from gui.widgets.plain_text import plain_caption


def connect_renaming(
    window: MainWindow, document: ModelDocument, renaming: RenamingController
) -> None:
    """What renames at once, and undoes it."""

    def rename_chain_of_selection() -> None:
        net, name = document.net, document.selection
        if net is None or not net.has_layer(name):
            return
        blobs = [version.blob for version in net.written(name) if version.n_versions > 1]
        if blobs:
            renaming.rename_chain(blobs[0])

    def rename_selected() -> None:
        several = window.panels.layer_table.selected_layers
        renaming.rename_layers(several if document.selection in several else (document.selection,))

    def name_steps() -> None:
        history = renaming.history
        for action, title in (("undo", history.undoText()), ("redo", history.redoText())):
            words = f"{action.capitalize()}: {title[:1].lower()}{title[1:]}"
            actions[action].setText(plain_caption(words if title else action.capitalize()))

    actions, panels = window.actions_, window.panels
    renaming.history.indexChanged.connect(lambda _index: name_steps())
    actions.on("undo", renaming.undo)
    actions.on("redo", renaming.redo)
    actions.on("undo_all", renaming.undo_all)
    actions.on("rename", rename_selected)
    actions.on("rename_chain", rename_chain_of_selection)
    actions.on("rename_all", renaming.rename_all)
    panels.layer_table.rename_requested.connect(renaming.rename_layers)
    panels.graph.rename_requested.connect(renaming.rename_layer)
    panels.inspector.rename_requested.connect(renaming.rename_layer)
    panels.inspector.rename_chain_requested.connect(renaming.rename_chain)
    panels.inspector.rename_all_requested.connect(renaming.rename_all)
    panels.inspector.rename_several_requested.connect(renaming.rename_layers)
    panels.changes.undo_requested.connect(renaming.undo)


def connect_rename_dialog(
    window: MainWindow, document: ModelDocument, dialog: RenameDialogController
) -> None:
    """What asks before it renames."""

    def ask() -> None:
        selected = window.panels.layer_table.selected_layers
        dialog.ask(selected or ((document.selection,) if document.selection else ()))

    window.actions_.on("plan_rename", ask)
    window.panels.layer_table.plan_requested.connect(ask)
    window.panels.inspector.preview_requested.connect(
        lambda layer, name: dialog.ask([layer], name=name)
    )


def connect_changes(
    window: MainWindow, changing: ChangingController, dialogs: DialogsController
) -> None:
    """What shows the edits."""
    changes = window.panels.changes
    window.actions_.on("show_changes", changing.toggle_difference)
    window.actions_.on("show_difference", dialogs.show_difference)
    changes.difference_requested.connect(dialogs.show_difference)


def connect_verifying(
    window: MainWindow, verifying: VerifyingController, status: StatusController
) -> None:
    """The proof of a rename, asked for and shown."""

    def say_done(found: Verification | Measurement) -> None:
        what = "Measured" if isinstance(found, Measurement) else "Verified"
        status.say(f"{what} in {found.seconds:.1f} s, 2 forward passes")

    changes = window.panels.changes
    window.actions_.on("verify", verifying.verify)
    window.actions_.on("measure", verifying.measure)
    verifying.started.connect(changes.show_busy)
    verifying.ended.connect(lambda: changes.show_busy(""))
    verifying.finished.connect(say_done)


def connect_repairs(
    opening: OpeningController,
    renaming: RenamingController,
    viewing: ViewingController,
    dialogs: DialogsController,
) -> None:
    """The buttons of the notices about a file that was opened."""
    opening.fix_requested.connect(renaming.fix_rewiring)
    opening.layers_requested.connect(viewing.show_layers)
    opening.text_requested.connect(dialogs.show_text)
