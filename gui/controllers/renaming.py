"""Renaming, undo, redo, the fix of a wrong rewiring, and what has changed since the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal

from core.edits.findings.finding import Finding, plan_fix
from core.edits.type_warnings import with_type_warnings
from core.errors import AppError, RenameError
from core.net.definition import Net, NetState
from core.net.rename import (
    BlobRename,
    RenamePlan,
    plan_rename,
    plan_rename_all,
    plan_rename_chain,
)
from gui.derivation import Deriver, derive
from gui.document import DerivedNet, ModelDocument
from gui.jobs import Lanes
from gui.notices import Notice, Notices, escaped
from gui.undo import TextHistory

MOST_WARNINGS = 4
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
        self.history = TextHistory(self._follow)
        document.opened.connect(self._begin)

    def rename_layer(self, layer: str, new_blob: str = "") -> None:
        """Give a layer a blob of its own, `<blob>_<layer>` where no name is given."""
        names = {layer: new_blob} if new_blob else None
        self.plan(f"Rename {layer}'s blob", lambda net: plan_rename(net, [layer], names))

    def rename_chain(self, blob: str) -> None:
        """Give every layer that writes this blob in place its own."""
        self.plan(f"Rename the chain of {blob}", lambda net: plan_rename_chain(net, blob))

    def rename_all(self) -> None:
        """Give every in-place layer of the net its own blob."""
        self.plan("Rename all in-place layers", plan_rename_all)

    def fix_rewiring(self, rewirings: Sequence[Finding]) -> None:
        """Make bypassed layers part of the path again."""
        names = ", ".join(name for found in rewirings for name in found.layers)
        self.plan(f"Fix {names}", lambda net: plan_fix(net, rewirings), changes_values=True)

    def undo(self) -> None:
        """Take the last edit back."""
        self.history.undo()

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        self.history.redo()

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
            self._notices.show(Notice("info", title, escaped(shown), key="rename"))

    def _fail(self, error: AppError) -> None:
        if isinstance(error, RenameError):
            self._notices.show_error(error, "rename")
        else:
            self._notices.show_error(error, "rename", "The rename failed")
        self.failed.emit(error)

    def _begin(self) -> None:
        self.history.begin(self._document.text)

    def _follow(self, text: str) -> None:
        self._deriver.obtain(text, self._take, self._fail)

    def _take(self, derived: DerivedNet) -> None:
        if derived.text != self.history.current_text:
            return  # another step came meanwhile; its net is on the way
        original = self._document.original_net
        renames = () if original is None else renames_between(original, derived.net)
        selected = self._selection_in(derived.net)
        self._document.set_edited(derived, renames)
        self._document.select(selected)
        self.edited.emit()

    def _selection_in(self, after: Net) -> str:
        """The selected layer's name in the edited net, where the layer itself may be called new."""
        before, name = self._document.net, self._document.selection
        if before is None or not before.has_layer(name) or len(before.layers) != len(after.layers):
            return name
        return after.layers[before.layer(name).index].name


def renames_between(before: Net, after: Net) -> tuple[BlobRename, ...]:
    """Every top whose name differs between two texts of the same layers."""
    return tuple(
        BlobRename(new.name, i, old_top, new_top)
        for old, new in zip(before.layers, after.layers, strict=False)
        for i, (old_top, new_top) in enumerate(zip(old.tops, new.tops, strict=False))
        if old_top != new_top
    )


def plan_and_derive(net: Net, planner: Planner, state: NetState) -> Planned:
    """A plan and what its text means; for the compute lane. Raises what the planner raises."""
    plan = with_type_warnings(planner(net), net)
    return Planned(plan, derive(plan.new_text, None, state, None))
