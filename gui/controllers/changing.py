"""Says alike wherever it is said what was changed, whether it is proved, and what is next."""

from __future__ import annotations

from PyQt5.QtCore import QObject

from core.engines.measurement import Measurement
from core.words import plural, value_text
from gui.controllers.saving import SavingController
from gui.controllers.verifying import why_no_measure, why_no_verify
from gui.document import ModelDocument
from gui.main_window import MainWindow
from gui.undo import TextHistory
from gui.widgets.chip_label import Chip


class ChangingController(QObject):
    """One direction: document to the line of changes, the Changes panel, its tab and the rail."""

    def __init__(
        self,
        document: ModelDocument,
        history: TextHistory,
        saving: SavingController,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._history = history
        self._saving = saving
        self._window = window
        for changed in (document.net_changed, document.weights_changed, document.saved_changed,
                        document.verification_changed):  # fmt: skip
            changed.connect(self._show)
        window.net_page.tabs.currentChanged.connect(lambda _index: self._show_toggle())
        window.net_page.right.folded.connect(lambda _is_folded: self._show_toggle())
        self._show()

    def proof_chip(self) -> Chip | None:
        """What is known of the edits in two words: proved, refuted, measured, or nothing yet."""
        document = self._document
        verification, measurement = document.verification, document.measurement
        if measurement is not None and self.is_fix:
            return Chip("info", "measured")
        if verification is not None and not self.is_fix:
            return (
                Chip("ok", "verified") if verification.is_identical else Chip("error", "not equal")
            )
        if not document.is_edited:
            return None
        return Chip("warning", "not measured" if self.is_fix else "not verified")

    @property
    def is_fix(self) -> bool:
        """Whether something among the edits changes what the net computes."""
        document = self._document
        return document.is_edited and not why_no_measure(document, self._history)

    def toggle_difference(self) -> None:
        """Open the Changes panel, or go back to the inspector where it is open."""
        window = self._window
        panels = window.panels
        window.show_panel(panels.inspector if self._shows_difference() else panels.changes)

    def _show(self) -> None:
        document, window = self._document, self._window
        is_edited = document.is_edited and document.net is not None
        changes = document.changes
        self._show_panel(is_edited=is_edited)
        self._show_bar(is_edited=is_edited)
        window.rail.buttons["net"].set_count(changes.n_own if is_edited else 0)
        tabs = window.net_page.tabs
        count = changes.n_names if is_edited else 0
        tabs.bar.set_count(tabs.indexOf(window.panels.changes), count)

    def _show_panel(self, *, is_edited: bool) -> None:
        document, panel = self._document, self._window.panels.changes
        before = document.saved_net or document.original_net
        if not is_edited or before is None or document.net is None:
            panel.show_nothing()
            return
        name = document.path.name if document.path else "the file"
        panel.show_changes(before, document.net, document.changes, self._memory(), name)
        if self.is_fix:
            panel.show_measurement(document.measurement)
        else:
            panel.show_verification(document.verification)

    def _show_bar(self, *, is_edited: bool) -> None:
        document, bar = self._document, self._window.net_page.changes_bar
        net = document.net
        bar.set_text("rename_all", f"Rename all {len(net.in_place_layers) if net else 0:,}")
        if not is_edited:
            bar.show_changes("", "", None)
            return
        is_fix = self.is_fix
        name = self._saving.suggested_path().name
        bar.set_text("save", f"Save as {name}", "Save as new file", "Save")
        bar.set_text("verify", "Verify again" if document.verification else "Verify")
        bar.set_text("measure", "Measure again" if document.measurement else "Measure")
        bar.show_changes(
            document.changes.words,
            document.changes.names_words,
            self._long_chip(),
            self.proof_chip(),
            next_step=self._next_step(),
            without=_without(is_fix, why_no_verify(document, self._history)),
        )
        self._show_toggle()

    def _long_chip(self) -> Chip | None:
        """The chip of the line of changes, which has room for what was found."""
        document, chip = self._document, self.proof_chip()
        verification = document.verification
        if chip is None:
            return None
        if chip.kind == "ok" and verification is not None:
            return Chip("ok", f"verified: bit-identical ({', '.join(verification.outputs[:2])})")
        if document.measurement is not None and self.is_fix:
            return Chip("info", measured_words(document.measurement))
        return chip

    def _next_step(self) -> str:
        document = self._document
        if self.is_fix:
            return "save" if document.measurement is not None else "measure"
        if document.verification is None:
            return "verify"
        return "save" if document.verification.is_identical else ""

    def _shows_difference(self) -> bool:
        page = self._window.net_page
        changes = self._window.panels.changes
        return page.tabs.currentWidget() is changes and not page.right.is_folded

    def _show_toggle(self) -> None:
        verb = "Hide" if self._shows_difference() else "Show"
        self._window.net_page.changes_bar.set_text("difference", f"{verb} difference", "Difference")

    def _memory(self) -> tuple[int, int]:
        """Bytes of activations in a forward pass of the file, and as edited."""
        document = self._document
        both = (document.saved_shapes or document.original_shapes, document.shapes)
        old, new = (shapes.total_cost.memory_bytes if shapes else 0 for shapes in both)
        return old, new


def measured_words(measurement: Measurement) -> str:
    """ "measured: prob moves by up to 0.93"."""
    if measurement.is_identical:
        return "measured: no output moves"
    change = measurement.largest
    more = len(measurement.outputs) - 1
    rest = f" and {plural(more, 'more output')}" if more else ""
    return f"measured: {change.label} moves by up to {value_text(change.largest_difference)}{rest}"


def _without(is_fix: bool, why_no_verify_now: str) -> frozenset[str]:
    """Buttons without a place: a fix is measured, and proved is only what is renamed after it."""
    if not is_fix:
        return frozenset({"measure"})
    return frozenset({"verify"}) if why_no_verify_now else frozenset()
