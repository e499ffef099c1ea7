"""What a rename, a give-back or a fix will do to a prototxt: edits, their meaning, warnings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from core.errors import RenameError
from core.net.text_edits import TextEdit, inverse_edits, joined_edits

WarningKind = Literal[
    "phase",
    "output",
    "loss weight",
    "source",
    "training",
    "layer name",
    "python",
    "prototxt",
    "values",
]


class Top(NamedTuple):
    """One top of one layer: the identity of a blob version across phases."""

    layer: str
    top_index: int


@dataclass(frozen=True)
class BlobRename:
    """Layer `layer` writes its top number `top_index` to `new_blob` instead of `old_blob`."""

    layer: str
    top_index: int
    old_blob: str
    new_blob: str


@dataclass(frozen=True)
class LayerRename:
    """Layer `old_name` is called `new_name`, in every phase."""

    old_name: str
    new_name: str


@dataclass(frozen=True)
class TextPlace:
    """One line of a file that a warning points at; `line` counts from 1."""

    path: Path
    line: int
    text: str


@dataclass(frozen=True)
class PlanWarning:
    """What to know before the plan is carried out: one sentence, the layers, places in files."""

    kind: WarningKind
    sentence: str
    layers: tuple[str, ...] = ()
    places: tuple[TextPlace, ...] = ()


@dataclass(frozen=True)
class RenamePlan:
    """Edits in text order, what they mean, and the text they lead to.

    renamed_outputs: (old, new) names of net outputs; kept_in_place: layers that another phase
    needs as they are; given_back: layers that run in place again; found_in: for each layer that
    was asked for, the blob that holds its value after a full forward pass.
    """

    renames: tuple[BlobRename, ...]
    edits: tuple[TextEdit, ...]
    old_text: str = field(repr=False)
    new_text: str = field(repr=False)
    touched_layers: tuple[str, ...] = ()
    renamed_outputs: tuple[tuple[str, str], ...] = ()
    kept_in_place: tuple[str, ...] = ()
    layer_renames: tuple[LayerRename, ...] = ()
    given_back: tuple[str, ...] = ()
    saved_bytes: int = 0
    found_in: tuple[tuple[str, str], ...] = ()
    warnings: tuple[PlanWarning, ...] = ()

    def inverse(self) -> RenamePlan:
        """The plan that undoes this one, as edits of the new text."""
        return RenamePlan(
            renames=tuple(
                BlobRename(r.layer, r.top_index, r.new_blob, r.old_blob) for r in self.renames
            ),
            edits=inverse_edits(self.edits),
            old_text=self.new_text,
            new_text=self.old_text,
            touched_layers=self.touched_layers,
            renamed_outputs=tuple((new, old) for old, new in self.renamed_outputs),
            layer_renames=tuple(LayerRename(r.new_name, r.old_name) for r in self.layer_renames),
        )

    def then(self, following: RenamePlan) -> RenamePlan:
        """This plan and one made for the text it leads to, as one plan.

        Raises RenameError when `following` was made for another text.
        """
        if following.old_text != self.new_text:
            raise RenameError("These two edits were planned for different texts.")
        return replace(
            following,
            renames=_joined_renames(self.renames, following.renames),
            edits=joined_edits(self.edits, following.edits),
            old_text=self.old_text,
            touched_layers=_once(self.touched_layers, following.touched_layers),
            renamed_outputs=_joined_pairs(self.renamed_outputs, following.renamed_outputs),
            kept_in_place=_once(self.kept_in_place, following.kept_in_place),
            layer_renames=(*self.layer_renames, *following.layer_renames),
            given_back=_once(self.given_back, following.given_back),
            saved_bytes=self.saved_bytes + following.saved_bytes,
            found_in=following.found_in or self.found_in,
            warnings=(*self.warnings, *following.warnings),
        )


def _once(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _joined_renames(
    first: tuple[BlobRename, ...], second: tuple[BlobRename, ...]
) -> tuple[BlobRename, ...]:
    joined = {Top(r.layer, r.top_index): r for r in first}
    for rename in second:
        top = Top(rename.layer, rename.top_index)
        before = joined.get(top)
        joined[top] = rename if before is None else replace(rename, old_blob=before.old_blob)
    return tuple(rename for rename in joined.values() if rename.old_blob != rename.new_blob)


def _joined_pairs(
    first: tuple[tuple[str, str], ...], second: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    then = dict(second)
    pairs = [(old, then.pop(new, new)) for old, new in first]
    return tuple((old, new) for old, new in [*pairs, *then.items()] if old != new)
