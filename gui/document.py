"""The model document: prototxt text, what is derived from it, and the selection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from core.comparison.changes import NO_CHANGES, Changes, renames_between
from core.images.recipe_choice import ChosenRecipe
from core.net.definition import NetState

if TYPE_CHECKING:
    from core.engines.measurement import Measurement
    from core.engines.verification import Verification
    from core.images.preprocess import Preprocess
    from core.layers.shapes import NetShapes
    from core.net.definition import Net
    from core.net.rename_plan import BlobRename
    from core.weights.binding import Binding
    from core.weights.reader import Weights


CHEAP_MACS = 2_000_000_000
"""Nets below this run in well under a second on two cores, so they run without being asked."""


@dataclass(frozen=True)
class DerivedNet:
    """What one text means: the net, its shapes, and how the weights bind to it."""

    text: str
    net: Net
    shapes: NetShapes
    binding: Binding | None = None


class ModelDocument(QObject):
    """The only mutable model of the window.

    `text` is the document; `net`, `shapes` and `binding` are derived from it and replaced
    together. `revision` grows with every change of text or weights; results of jobs carry it.
    """

    opened = pyqtSignal()
    net_changed = pyqtSignal()
    weights_changed = pyqtSignal()
    selection_changed = pyqtSignal(str)
    image_changed = pyqtSignal()
    activations_changed = pyqtSignal()
    verification_changed = pyqtSignal()
    recipe_changed = pyqtSignal()
    saved_changed = pyqtSignal()
    stray_changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self.text = ""
        self.saved_text = ""
        self.broken_text = ""
        self.original_net: Net | None = None
        self.original_shapes: NetShapes | None = None
        self.net: Net | None = None
        self.shapes: NetShapes | None = None
        self.weights: Weights | None = None
        self.binding: Binding | None = None
        self.stray_weights: Path | None = None
        self.saved_net: Net | None = None
        self.saved_shapes: NetShapes | None = None
        self.changes: Changes = NO_CHANGES
        self.revision = 0
        self.selection = ""
        self.image_path: Path | None = None
        self.chosen_recipe: ChosenRecipe | None = None
        self.verification: Verification | None = None
        self.measurement: Measurement | None = None
        self.state = NetState()
        self.is_partial = False

    @property
    def is_edited(self) -> bool:
        """Whether the text differs from what is on the disk."""
        return self.text != self.saved_text

    @property
    def is_cheap(self) -> bool:
        """Whether a pass takes no time worth asking about."""
        return self.shapes is not None and 0 < self.shapes.total_cost.macs < CHEAP_MACS

    @property
    def renames(self) -> tuple[BlobRename, ...]:
        """The tops that are called otherwise than in the file."""
        return self.changes.renames

    @property
    def weights_path(self) -> Path | None:
        """The weights file, if one is open."""
        return None if self.weights is None else Path(self.weights.path)

    def set_opened(
        self,
        path: Path | None,
        derived: DerivedNet,
        *,
        is_partial: bool = False,
        saved_text: str | None = None,
    ) -> None:
        """Replace everything by a file just opened; weights go, the image stays.

        saved_text: what the file holds, where `derived` is of another text.
        """
        self.path = path
        self.saved_text = derived.text if saved_text is None else saved_text
        self.original_net = derived.net
        self.original_shapes = derived.shapes
        is_as_saved = self.saved_text == derived.text
        self.saved_net = derived.net if is_as_saved else None
        self.saved_shapes = derived.shapes if is_as_saved else None
        self.changes = NO_CHANGES
        self.weights = None
        self.binding = None
        self.selection = ""
        self.is_partial = is_partial
        self._set_derived(derived)
        self.opened.emit()
        self.net_changed.emit()
        self.weights_changed.emit()
        self.saved_changed.emit()
        self.selection_changed.emit("")
        self._drop_proofs()

    def set_closed(self) -> None:
        """Let go of the net and its weights; the image stays."""
        self.path = None
        self.text = self.saved_text = ""
        self.net = self.original_net = None
        self.shapes = self.original_shapes = None
        self.saved_net = self.saved_shapes = None
        self.changes = NO_CHANGES
        self.weights = None
        self.binding = None
        self.selection = ""
        self.is_partial = False
        self.chosen_recipe = None
        self.revision += 1
        self.opened.emit()
        self.net_changed.emit()
        self.weights_changed.emit()
        self.recipe_changed.emit()
        self.saved_changed.emit()
        self.selection_changed.emit("")
        self._drop_proofs()

    def set_edited(self, derived: DerivedNet, changes: Changes) -> None:
        """Take an edited text; `changes` are all that separate it from the file."""
        self.changes = changes
        self._set_derived(derived)
        self._drop_proofs()
        self.net_changed.emit()
        self.saved_changed.emit()

    def set_baseline(self, saved: DerivedNet, changes: Changes) -> None:
        """What the file's text means, where it was not the one opened or the phase is another."""
        self.saved_net, self.saved_shapes = saved.net, saved.shapes
        self.changes = changes
        self.saved_changed.emit()

    def set_weights(self, weights: Weights | None, binding: Binding | None) -> None:
        """Bind a weights file to the net, or none."""
        self.weights = weights
        self.binding = binding
        self.revision += 1
        self.weights_changed.emit()
        self._drop_proofs()

    def set_saved_text(self, text: str) -> None:
        """What the file holds now, where another program has changed it; the text stays."""
        is_as_shown = text == self.text
        self.saved_text = text
        self.saved_net = self.net if is_as_shown else None
        self.saved_shapes = self.shapes if is_as_shown else None
        if is_as_shown:
            self.changes = NO_CHANGES
        self.saved_changed.emit()

    def set_stray_weights(self, path: Path | None) -> None:
        """Weights that were opened and are not bound: they wait for a net, or are of another."""
        if path != self.stray_weights:
            self.stray_weights = path
            self.stray_changed.emit()

    def set_saved(self, path: Path) -> None:
        """The text now lies at `path`; the document is that file from here on."""
        self.path = path
        self.saved_text = self.text
        self.saved_net, self.saved_shapes = self.net, self.shapes
        self.changes = NO_CHANGES
        self.saved_changed.emit()

    def select(self, layer_name: str) -> None:
        """Select a layer by name, or none with ""."""
        if layer_name != self.selection:
            self.selection = layer_name
            self.selection_changed.emit(layer_name)

    def set_image(self, path: Path | None) -> None:
        """Choose the image that forward passes read."""
        self.image_path = path
        self.image_changed.emit()

    @property
    def recipe(self) -> Preprocess | None:
        """How an image becomes the net's input."""
        return None if self.chosen_recipe is None else self.chosen_recipe.recipe

    def set_chosen_recipe(self, chosen: ChosenRecipe | None) -> None:
        """Take a recipe with its origin, or none."""
        self.chosen_recipe = chosen
        self.recipe_changed.emit()

    def set_recipe(self, recipe: Preprocess | None) -> None:
        """Take the recipe that the user gives, or none."""
        self.set_chosen_recipe(None if recipe is None else ChosenRecipe(recipe, "given"))

    def set_verification(self, verification: Verification | None) -> None:
        """Keep the result of a verify of the text as it is now."""
        self.verification = verification
        self.verification_changed.emit()

    def set_measurement(self, measurement: Measurement | None) -> None:
        """Keep by how much the text as it is now differs from the file in what it computes."""
        self.measurement = measurement
        self.verification_changed.emit()

    def own_blobs(self) -> set[tuple[str, str]]:
        """(layer, top) of every value that a rename gave a blob of its own."""
        return {(rename.layer, rename.new_blob) for rename in self.renames}

    def once_in_place(self) -> set[tuple[str, str]]:
        """(layer, top) of every value that was called otherwise in the file first opened.

        They worked in place there; what they read is what they once overwrote.
        """
        before, after = self.original_net, self.net
        if before is None or after is None or len(before.layers) != len(after.layers):
            return self.own_blobs()
        return {(rename.layer, rename.new_blob) for rename in renames_between(before, after)}

    def _set_derived(self, derived: DerivedNet) -> None:
        self.text = derived.text
        self.net = derived.net
        self.shapes = derived.shapes
        if derived.binding is not None:
            self.binding = derived.binding
        self.revision += 1

    def _drop_proofs(self) -> None:
        if self.verification is not None or self.measurement is not None:
            self.verification = self.measurement = None
            self.verification_changed.emit()
