"""What the parts of a window at rest must agree on, whatever was done in it before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PyQt5.QtWidgets import QAbstractButton, QWidget

from gui.actions import ROWS
from tests.soak.bench import Soak

EDITED = "(edited, not saved)"
BROKEN_WORDS = re.compile(r"[('=:] ?None\b|Traceback|\{\w*\}|<class|object at 0x|\bnan\b")


def disagreements(soak: Soak) -> list[str]:
    """Every two parts of the window that say different things now; [] where all is well."""
    parts = (_title, _changes, _question, _chips, _subjects, _selection, _notices, _controls, _jobs)
    return [f"{part.__name__[1:]}: {said}" for part in parts for said in part(soak)]


def _title(soak: Soak) -> Iterator[str]:
    document, window = soak.bench.document, soak.bench.window
    title = window.windowTitle()
    if (EDITED in title) != document.is_edited:
        yield f"{title!r}, but edited is {document.is_edited}"
    if document.path is not None and document.path.name not in title:
        yield f"{title!r} does not name {document.path.name}"


def _changes(soak: Soak) -> Iterator[str]:
    document, window = soak.bench.document, soak.bench.window
    words = window.net_page.changes_bar.words
    count = window.rail.buttons["net"].count
    if document.is_edited and words == "none":
        yield "edited, and the line of changes says none"
    if count and not document.is_edited:
        yield f"the rail counts {count} new blobs in a net that is as saved"
    number = re.match(r"\d+", words)
    if document.is_edited and count and number is not None and int(number[0]) != count:
        yield f"the rail counts {count} new blobs, the line of changes says {words}"


def _question(soak: Soak) -> Iterator[str]:
    """Whoever leaves is asked if anything would be lost, and told the truth about it."""
    before, answers = soak.answers.n_asked, soak.answers
    answer, answers.answer = answers.answer, "cancel"
    went: list[bool] = []
    soak.bench.saving.before_loss(lambda: went.append(True))
    answers.answer = answer
    is_asked, document = answers.n_asked > before, soak.bench.document
    if is_asked != document.is_edited or bool(went) == is_asked:
        yield f"edited is {document.is_edited}, asked {is_asked}, went on {bool(went)}"
    if is_asked and re.search(r"\b0 blob", answers.last_question):
        yield f"asks {answers.last_question!r}"


def _chips(soak: Soak) -> Iterator[str]:
    document, window = soak.bench.document, soak.bench.window
    chip = window.subjects.net.chip
    proof = document.verification
    texts = [chip.text if chip else ""]
    bar_chip = window.net_page.changes_bar.chip
    texts.append(bar_chip.text if bar_chip else "")
    claims = [text for text in texts if text.startswith("verified")]
    if claims and (proof is None or not proof.is_identical):
        yield f"{claims} without such a proof"
    if proof is not None and proof.is_identical and "not verified" in texts:
        yield "verified, and a chip says it is not"
    binding = document.binding
    if chip is not None and binding is not None and document.weights is not None:
        said = re.fullmatch(r"weights (\d+) of (\d+)", chip.text)
        real = (binding.n_arrays_bound, binding.n_arrays_expected)
        if said and (int(said[1]), int(said[2])) != real:
            yield f"{chip.text!r}, but {real} are bound"
        if chip.text == "no weights":
            yield "weights are bound, and the chip says there are none"
    is_bare = document.weights is None and document.stray_weights is None
    if chip is not None and is_bare and chip.text.startswith("weights "):
        yield f"{chip.text!r} without weights"


def _subjects(soak: Soak) -> Iterator[str]:
    document, subjects = soak.bench.document, soak.bench.window.subjects
    wanted = {
        "net": document.path.stem if document.path else "",
        "layer": document.selection,
        "image": document.image_path.name if document.image_path else "",
        "gallery": soak.bench.searching.folder.name if soak.bench.searching.folder else "",
    }
    for name, value in wanted.items():
        shown = getattr(subjects, name).value
        if shown != value:
            yield f"{name} is {value!r}, shown is {shown!r}"


def _selection(soak: Soak) -> Iterator[str]:
    document, panels = soak.bench.document, soak.bench.window.panels
    net, name = document.net, document.selection
    if name and (net is None or not net.has_layer(name)):
        yield f"{name!r} is selected and not in the net"
        return
    table = panels.layer_table
    in_table = table.selected_layers
    if name and in_table and name not in in_table:
        yield f"{name!r} is selected, in the table {in_table}"
    if not name and len(in_table) == 1:
        yield f"nothing is selected, in the table {in_table}"
    if name and not in_table and table.model.place_of(name) is not None:
        yield f"{name!r} is selected, and its row is not"
    if net is not None and soak.bench.lanes.is_idle:
        lit = {layer for item in panels.graph.scene.layer_items.values() if item.is_chosen
               for layer in item.box.layers}  # fmt: skip
        if name and lit and name not in lit:
            yield f"{name!r} is selected, in the graph {sorted(lit)}"


def _notices(soak: Soak) -> Iterator[str]:
    notices, area = soak.bench.notices.current, soak.bench.window.notice_bar
    for notice in notices:
        if not notice.title.strip():
            yield f"a notice without a title: {notice!r}"
        said = f"{notice.title} {notice.body} {notice.note}"
        if BROKEN_WORDS.search(said):
            yield f"a notice that no one can read: {said!r}"
    if bool(notices) != area.isVisibleTo(soak.bench.window):
        yield f"{len(notices)} notices, and the strip is shown: {not notices}"
    if notices and area.strip.title not in {notice.title for notice in notices}:
        yield f"the strip says {area.strip.title!r}"


def _controls(soak: Soak) -> Iterator[str]:
    """What can't be used says why."""
    window = soak.bench.window
    for row in ROWS:
        action = window.actions_[row.id]
        if action.isEnabled() == bool(window.actions_.why_not(row.id)):
            yield f"{row.id} is enabled: {action.isEnabled()}, {window.actions_.why_not(row.id)!r}"
    for button in _shown(window, QAbstractButton):
        if not button.isEnabled() and not _said_of(button):
            yield f"{type(button).__name__} {button.text()!r} is grey and says nothing"


def _said_of(widget: QWidget) -> str:
    one: QWidget | None = widget
    while one is not None:  # what is grey with all around it is explained there
        if one.toolTip():
            return one.toolTip()
        one = one.parentWidget()
        if one is None or one.isEnabled():
            return ""
    return ""


def _shown(window: QWidget, kind: type[QAbstractButton]) -> list[QAbstractButton]:
    return [one for one in window.findChildren(kind) if one.isVisible() and one.window() is window]


def _jobs(soak: Soak) -> Iterator[str]:
    if soak.bench.lanes.is_idle:
        job = soak.bench.window.status_line.texts["job"]
        if job:
            yield f"nothing runs, and the status line shows {job!r}"
        if soak.bench.window.actions_["cancel"].isEnabled():
            yield "nothing runs, and Cancel can be used"
