"""What can be done now, and in a sentence why not what can't."""

from __future__ import annotations

from collections.abc import Sequence

from core.net.definition import Net
from core.net.value_words import value_words
from gui.controllers.engine_child import UNAVAILABLE, EngineController
from gui.controllers.verifying import why_no_measure, why_no_verify
from gui.document import ModelDocument
from gui.runs import Run
from gui.undo import TextHistory

Facts = dict[str, str]
"""Each state word of the actions with "" where it holds, else why it does not."""
NO_NET = "No net is open. Open one with Ctrl+O."
NO_IMAGE = "No image is open. Open one with Ctrl+I, paste it or drop it."
NO_RECIPE = "How a picture becomes the net's input is not known. Say it with Ctrl+P."


def facts_of(
    document: ModelDocument,
    history: TextHistory,
    engine: EngineController,
    running: Sequence[Run],
    why_no_run: str,
) -> Facts:
    """How things stand; why_no_run: why no pass can run on the image, "" where one can."""
    net = document.net
    is_edited = document.is_edited
    is_whole = net is not None and not document.is_partial
    return {
        "net": _unless(net is not None, NO_NET),
        "editable": _unless(is_whole, NO_NET if net is None else "The file has an error; text that"
                            " can't be read to its end is not edited."),
        "edited": _unless(is_edited, "Nothing has changed since the file was opened or saved."),
        "verifiable": why_no_verify(document, history),
        "measurable": why_no_measure(document, history),
        "returnable": _unless(history.place_of(document.saved_text) is not None,
                              "No undo leads back to the text that the file holds."),
        "undoable": _unless(history.canUndo(), "There is no edit to undo."),
        "redoable": _unless(history.canRedo(), "There is no edit to do again."),
        "engine": _unless(engine.state != UNAVAILABLE, f"The {engine.title} engine did not start."
                          " Choose another, or start it again."),
        "image": _unless(document.image_path is not None, NO_IMAGE),
        "runnable": why_no_run,
        "job": _unless(bool(running), "Nothing is running."),
        **_facts_of_selection(net, document.selection),
    }  # fmt: skip


def _facts_of_selection(net: Net | None, name: str) -> Facts:
    if net is None:
        return dict.fromkeys(("in_place", "in_chain", "renamable"), NO_NET)
    no_in_place = _unless(bool(net.in_place_layers), "No layer of this net works in place.")
    if not name or not net.has_layer(name):
        why_not = no_in_place or "Select a layer first."
    elif any(version.n_versions > 1 for version in net.written(name)):
        why_not = ""
    else:
        values = ", ".join(value_words(version) for version in net.written(name)) or name
        why_not = f"Nothing shares a blob with {values}."
    return {"in_place": no_in_place, "in_chain": why_not, "renamable": why_not}


def _unless(holds: bool, why_not: str) -> str:
    return "" if holds else why_not
