"""The rename dialog: what can be renamed here, the plan behind its fields, and carrying it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from PyQt5.QtCore import QObject

from core.comparison.paired_lines import paired_lines
from core.edits.give_back import find_give_backs
from core.errors import AppError
from core.jobs.rename import RenameRequest, plan_edit
from core.jobs.rename import Scope as JobScope
from core.net.blob_names import what_is_wrong_with
from core.net.definition import Net
from core.net.rename_plan import RenamePlan, TextPlace, Top
from core.words import bytes_text, plural
from gui.controllers.renaming import Planned, RenamingController, plan_and_derive
from gui.dialogs.rename import (
    PlannedName,
    PlanView,
    RenameDialog,
    RenameWish,
    Scope,
    ScopeChoice,
)
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.settings import Settings
from gui.theme import ThemeKeeper

KEY = "rename-plan"
SCOPES: dict[Scope, JobScope] = {"layers": "selection", "give back": "give back selection"}
"""The scopes of the dialog that the job calls otherwise."""


@dataclass(frozen=True)
class Subject:
    """What the dialog was opened on: a snapshot of the net and the selection."""

    net: Net
    layers: tuple[str, ...]
    blob: str
    request: RenameRequest


class RenameDialogController(QObject):
    """Opens the dialog, plans on the compute lane with every change, hands the last plan on."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        document: ModelDocument,
        lanes: Lanes,
        renaming: RenamingController,
        window: MainWindow,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._document = document
        self._lanes = lanes
        self._renaming = renaming
        self._window = window
        self._settings = settings
        self.dialog: RenameDialog | None = None
        self._planned: tuple[RenameWish, Planned] | None = None

    def ask(self, layers: Sequence[str], scope: Scope = "layers", name: str = "") -> None:
        """Open the dialog on some layers; `name` is the blob name already typed for the first."""
        request = self._renaming.request("selection")
        if request is None:
            return
        self.close()
        net = request.opened.net
        subject = self._subject(request, layers)
        choices = scope_choices(subject)
        open_ones = [choice.scope for choice in choices if not choice.problem]
        if not open_ones:
            return
        giving = [one for one in open_ones if not one.startswith("give back")]
        shown = scope if scope in open_ones else next(iter(giving), None)
        names = _typed(net, subject.layers, name)
        wish = RenameWish(shown, names, self._settings.renames_layers)
        dialog = RenameDialog(
            self._keeper, choices, wish, partial(what_is_wrong_with, net), self._window
        )
        dialog.plan_requested.connect(lambda wanted: self._plan(dialog, subject, wanted))
        dialog.accepted.connect(lambda: self._carry_out(dialog, subject))
        dialog.finished.connect(lambda _code: self._forget(dialog))
        self.dialog, self._planned = dialog, None
        dialog.open()

    def close(self) -> None:
        """Close the dialog that is open, if any."""
        if self.dialog is not None:
            self.dialog.close()

    def _subject(self, request: RenameRequest, layers: Sequence[str]) -> Subject:
        net = request.opened.net
        known = tuple(layer for layer in layers if net.has_layer(layer))
        chains = [v.blob for layer in known for v in net.written(layer) if v.n_versions > 1]
        return Subject(net, known, chains[0] if chains else "", request)

    def _plan(self, dialog: RenameDialog, subject: Subject, wish: RenameWish) -> None:
        self._lanes.compute.start(
            lambda: plan_and_derive(
                subject.net, lambda _net: _plan_of(subject, wish), subject.net.state
            ),
            key=KEY,
            revision=self._document.revision,
            on_result=lambda planned: self._show(dialog, wish, planned),
            on_error=lambda error: self._show_problem(dialog, error),
        )

    def _show(self, dialog: RenameDialog, wish: RenameWish, planned: Planned) -> None:
        if dialog is not self.dialog:
            return
        self._planned = (wish, planned)
        dialog.show_plan(plan_view(planned.plan))

    def _show_problem(self, dialog: RenameDialog, error: AppError) -> None:
        if dialog is self.dialog:
            self._planned = None
            dialog.show_no_plan(str(error))

    def _carry_out(self, dialog: RenameDialog, subject: Subject) -> None:
        """Do what the dialog showed; a field changed since then is planned once more first."""
        wish = dialog.wish()
        self._settings.renames_layers = wish.renames_layers
        if self._planned is not None and self._planned[0] == wish:
            self._renaming.carry_out(_title(wish), self._planned[1])
        else:
            self._renaming.plan(_title(wish), lambda _net: _plan_of(subject, wish))

    def _forget(self, dialog: RenameDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
            self._lanes.cancel(KEY)


def scope_choices(subject: Subject) -> tuple[ScopeChoice, ...]:
    """Everything the dialog offers, with the reason where something can't be done."""
    net, layers = subject.net, subject.layers
    one = len(layers) == 1
    some = layers[0] if one else f"the {plural(len(layers), 'selected layer')}"
    its_own = "a blob of its own" if one else "blobs of their own"
    shared = [name for name in layers if any(v.n_versions > 1 for v in net.written(name))]
    lost = [name for name in layers if any(v.overwritten_by for v in net.written(name))]
    back = {found.layer for found in find_give_backs(net)}
    n_all = len(net.in_place_layers)
    none = "" if layers else "Select layers in the table first."
    has_own = f"{some[:1].upper()}{some[1:]} {'has' if one else 'have'} {its_own} already."
    return (
        ScopeChoice(
            "layers",
            f"Give {some} {its_own}" if layers else "Selected layers",
            none or ("" if shared else has_own),
        ),
        ScopeChoice(
            "needed",
            f"Keep what {some} computes, with the fewest new names" if layers else "Needed only",
            none or ("" if lost else f"Nothing overwrites what {some} computes."),
        ),
        ScopeChoice(
            "chain",
            f"Give every layer that shares blob {subject.blob} its own"
            if subject.blob
            else "The whole chain",
            "" if subject.blob else "No selected layer shares a blob.",
        ),
        ScopeChoice(
            "all",
            f"Give every in-place layer of the net its own blob ({n_all})",
            "" if n_all else "No layer of this net runs in place.",
        ),
        ScopeChoice(
            "give back",
            f"Let {some} run in place again" if layers else "Run in place again",
            none or ("" if back.intersection(layers) else f"Caffe would not let {some} do so."),
        ),
        ScopeChoice(
            "give back all",
            f"Let every layer run in place that can ({len(back)})",
            "" if back else "No layer of this net could.",
        ),
    )


def plan_view(plan: RenamePlan) -> PlanView:
    """A plan in the words and rows of the dialog."""
    new_layers = {rename.old_name: rename.new_name for rename in plan.layer_renames}
    names = tuple(
        PlannedName(
            Top(rename.layer, rename.top_index),
            rename.old_blob,
            rename.new_blob,
            new_layers.get(rename.layer, ""),
        )
        for rename in plan.renames
    )
    count = len(names)
    blobs = plural(count, "blob")
    is_back = bool(plan.given_back)
    return PlanView(
        names,
        tuple((w.sentence, _places(w.places)) for w in plan.warnings),
        _note(plan),
        f"Give back {blobs}" if is_back else f"Rename {blobs}",
        paired_lines(plan.old_text, plan.new_text),
        is_editable=not is_back,
    )


def _plan_of(subject: Subject, wish: RenameWish) -> RenamePlan:
    scope: JobScope = SCOPES.get(cast(Scope, wish.scope), cast(JobScope, wish.scope))
    return plan_edit(
        replace(
            subject.request,
            scope=scope,
            targets=(subject.blob,) if scope == "chain" else subject.layers,
            names=dict(wish.names),
            with_layer_names=wish.renames_layers,
        )
    )


def _typed(net: Net, layers: Sequence[str], name: str) -> tuple[tuple[Top, str], ...]:
    """A name typed elsewhere, for the first output of the first layer that runs in place."""
    if not name or not layers:
        return ()
    tops = net.layer(layers[0]).in_place_tops()
    return ((Top(layers[0], tops[0]), name),) if tops else ()


def _title(wish: RenameWish) -> str:
    titles: dict[Scope, str] = {
        "layers": "Rename blobs of layers",
        "needed": "Rename what is needed",
        "chain": "Rename a chain",
        "all": "Rename all in-place layers",
        "give back": "Run layers in place again",
        "give back all": "Run all layers in place",
    }
    return titles[wish.scope] if wish.scope else ""


def _note(plan: RenamePlan) -> str:
    if plan.given_back:
        saved = plan.saved_bytes
        return f"Saves {bytes_text(saved)} of activations in a forward pass." if saved else ""
    if plan.found_in:
        places = ", ".join(f"{layer} in {blob}" for layer, blob in plan.found_in)
        return f"After a full forward pass: {places}."
    return "Names can be edited in the table. What is read downstream follows."


def _places(places: Sequence[TextPlace]) -> str:
    return "\n".join(f"{place.path.name}:{place.line}: {place.text}" for place in places[:8])
