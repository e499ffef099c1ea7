"""Renaming, undo, redo, the fix of a wrong rewiring, and what has changed since the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from PyQt5.QtCore import QObject, pyqtSignal

from core.comparison.changes import NO_CHANGES, Changes, changes_between
from core.edits.findings.finding import Finding
from core.edits.folder_scan import FolderScan, scan_folder
from core.errors import AppError, RenameError
from core.jobs.open import OpenedNet
from core.jobs.rename import RenameRequest, Scope, plan_edit
from core.net.definition import Net, NetState
from core.net.rename_plan import RenamePlan
from core.words import plural
from gui.derivation import Deriver, derive
from gui.document import DerivedNet, ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, Notices
from gui.undo import TextHistory

MOST_WARNINGS = 4
SCAN = "folder-scan"
UNSAVED = Path("net.prototxt")
Planner = Callable[[Net], RenamePlan]


@dataclass(frozen=True)
class Planned:
    """A plan and what its text means."""

    plan: RenamePlan
    derived: DerivedNet


class RenamingController(QObject):
    """Plans on the compute lane, then edits the text; the net follows the text."""

    edited = pyqtSignal()
    failed = pyqtSignal(object)

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        deriver: Deriver,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._deriver = deriver
        self._notices = notices
        self._scan: FolderScan | None = None
        self._sought = ""
        self.history = TextHistory(self._follow)
        document.opened.connect(self._begin)
        document.opened.connect(self._scan_folder)
        document.saved_changed.connect(self._scan_folder)
        document.saved_changed.connect(self._find_baseline)

    def rename_layer(self, layer: str, new_blob: str = "") -> None:
        """Give a layer a blob of its own, `<blob>_<layer>` where no name is given."""
        names = {layer: new_blob} if new_blob else {}
        self._edit(f"Rename {layer}'s blob", "layers", (layer,), names)

    def rename_layers(self, layers: Sequence[str]) -> None:
        """Give those of these layers that share a blob one of their own."""
        if len(layers) == 1:
            self.rename_layer(layers[0])
        elif layers:
            self._edit(
                f"Rename blobs of {plural(len(layers), 'layer')}", "selection", tuple(layers)
            )

    def rename_chain(self, blob: str) -> None:
        """Give every layer that writes this blob in place its own."""
        self._edit(f"Rename the chain of {blob}", "chain", (blob,))

    def rename_all(self) -> None:
        """Give every in-place layer of the net its own blob."""
        self._edit("Rename all in-place layers", "all")

    def fix_rewiring(self, rewirings: Sequence[Finding]) -> None:
        """Make bypassed layers part of the path again."""
        names = ", ".join(name for found in rewirings for name in found.layers)
        self._edit(f"Fix {names}", "fix", changes_values=True)

    def undo(self) -> None:
        """Take the last edit back."""
        self.history.undo()

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        self.history.redo()

    def request(self, scope: Scope, targets: tuple[str, ...] = ()) -> RenameRequest | None:
        """What to rename in the net as it is now; None where there is no whole net."""
        document = self._document
        net, shapes, path = document.net, document.shapes, document.path
        if net is None or shapes is None or document.is_partial:
            return None
        opened = OpenedNet(path or UNSAVED, net, shapes, document.weights, document.binding)
        scan = self._scan if path is not None else FolderScan(Path(), {}, {})
        return RenameRequest(opened, scope, targets, scan=scan)

    def _edit(
        self,
        title: str,
        scope: Scope,
        targets: tuple[str, ...] = (),
        names: Mapping[str, str] = MappingProxyType({}),
        *,
        changes_values: bool = False,
    ) -> None:
        request = self.request(scope, targets)
        if request is not None:
            wanted = replace(request, names=names)
            self.plan(title, lambda _net: plan_edit(wanted), changes_values=changes_values)

    def plan(self, title: str, planner: Planner, *, changes_values: bool = False) -> None:
        """Plan an edit of the net as it is now, and carry it out."""
        document = self._document
        net = document.net
        if net is None or document.is_partial:
            return
        self._lanes.compute.start(
            lambda: plan_and_derive(net, planner, document.state),
            key="rename",
            revision=document.revision,
            on_result=lambda planned: self.carry_out(title, planned, changes_values=changes_values),
            on_error=self._fail,
        )

    def carry_out(self, title: str, planned: Planned, *, changes_values: bool = False) -> None:
        """Make a planned edit, and say what to know about it."""
        if not planned.plan.edits or planned.plan.old_text != self.history.current_text:
            return  # the text moved on while this was planned
        if self._document.weights is None:
            self._deriver.remember(planned.derived, self._document.state, None)
        self._notices.dismiss("rename")
        self.history.do(title, planned.plan, changes_values=changes_values)
        self._warn(planned.plan)

    def _warn(self, plan: RenamePlan) -> None:
        sentences = [warning.sentence for warning in plan.warnings]
        if sentences:
            shown = " ".join(sentences[:MOST_WARNINGS])
            title = "What to know about this edit"
            self._notices.show(Notice("info", title, shown, key="rename"))

    def _fail(self, error: AppError) -> None:
        if isinstance(error, RenameError):
            self._notices.show_error(error, "rename")
        else:
            self._notices.show_error(error, "rename", "The rename failed")
        self.failed.emit(error)

    def _scan_folder(self) -> None:
        """Read the files beside the prototxt once, for what they say about its names."""
        path = self._document.path
        self._scan = None
        if path is not None:
            self._lanes.files.start(lambda: scan_folder(path), key=SCAN, on_result=self._keep_scan)

    def _keep_scan(self, scan: FolderScan) -> None:
        if self._document.path is not None and self._document.path.parent == scan.folder:
            self._scan = scan

    def undo_all(self) -> None:
        """Go back to the text that the file holds, where undo or redo leads to it."""
        place = self.history.place_of(self._document.saved_text)
        if place is not None:
            self.history.setIndex(place)

    def _begin(self) -> None:
        self._sought = ""
        self.history.begin(self._document.text)

    def _find_baseline(self) -> None:
        """What the file's text means, where it is not the one that was opened."""
        document = self._document
        if document.net is None or document.saved_net is not None or not document.saved_text:
            return
        if self._sought != document.saved_text:  # one that can't be read is not asked for again
            self._sought = document.saved_text
            self._deriver.obtain(document.saved_text, self._take_baseline, lambda _error: None)

    def _take_baseline(self, saved: DerivedNet) -> None:
        document = self._document
        if saved.text == document.saved_text and document.net is not None:
            document.set_baseline(saved, self._changes_to(document.net, saved.net))

    def _changes_to(self, after: Net, before: Net | None = None) -> Changes:
        """What separates a net from the file's; nothing is known where that can't be read."""
        document = self._document
        before = before or document.saved_net or document.original_net
        if before is None or before.text == after.text:
            return NO_CHANGES
        return changes_between(before, after, self.history.n_fixes_between(before.text, after.text))

    def _follow(self, text: str) -> None:
        self._deriver.obtain(text, self._take, self._fail)

    def _take(self, derived: DerivedNet) -> None:
        if derived.text != self.history.current_text:
            return  # another step came meanwhile; its net is on the way
        changes = self._changes_to(derived.net)
        selected = self._selection_in(derived.net)
        self._document.set_edited(derived, changes)
        self._document.select(selected)
        self.edited.emit()

    def _selection_in(self, after: Net) -> str:
        """The selected layer's name in the edited net, where the layer itself may be called new."""
        before, name = self._document.net, self._document.selection
        if before is None or not before.has_layer(name) or len(before.layers) != len(after.layers):
            return name
        return after.layers[before.layer(name).index].name


def plan_and_derive(net: Net, planner: Planner, state: NetState) -> Planned:
    """A plan and what its text means; for the compute lane. Raises what the planner raises."""
    plan = planner(net)
    return Planned(plan, derive(plan.new_text, None, state, None))
