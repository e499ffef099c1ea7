"""What a document forgets when its text, its weights or its file change."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from core.comparison.changes import NO_CHANGES, Changes
from core.net.definition import NetState
from core.net.rename import plan_rename_all
from core.net.rename_plan import BlobRename
from gui.derivation import derive
from gui.document import DerivedNet, ModelDocument

TEXT = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 } }
layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc" }
"""


def derived(text: str = TEXT) -> DerivedNet:
    return derive(text, None, NetState(), None)


@pytest.fixture
def document(qapp) -> ModelDocument:
    """An edited net with weights, an image, a selection and a proof."""
    document = ModelDocument()
    document.set_opened(Path("a.prototxt"), derived())
    renamed = plan_rename_all(document.net).new_text
    document.set_edited(derived(renamed), Changes((BlobRename("relu", 0, "fc", "fc_relu"),)))
    document.set_weights(SimpleNamespace(path="a.caffemodel"), SimpleNamespace())
    document.set_image(Path("cat.jpg"))
    document.select("relu")
    document.set_verification(SimpleNamespace())
    return document


def test_it_holds_what_it_was_given(document: ModelDocument) -> None:
    assert document.is_edited
    assert document.own_blobs() == {("relu", "fc_relu")}
    assert document.weights_path == Path("a.caffemodel")
    assert (document.selection, document.image_path) == ("relu", Path("cat.jpg"))
    assert document.verification is not None


def test_opening_another_file_forgets_all_but_the_image(document: ModelDocument) -> None:
    told = []
    document.verification_changed.connect(lambda: told.append("verification"))
    document.selection_changed.connect(told.append)
    revision = document.revision
    document.set_opened(Path("b.prototxt"), derived())
    assert (document.renames, document.own_blobs()) == ((), set())
    assert (document.weights, document.binding, document.weights_path) == (None, None, None)
    assert (document.selection, document.verification) == ("", None)
    assert document.image_path == Path("cat.jpg")
    assert (document.path, document.is_edited) == (Path("b.prototxt"), False)
    assert document.original_net is document.net
    assert document.revision > revision
    assert sorted(told) == ["", "verification"]


def test_a_proof_speaks_of_one_text_and_its_weights(document: ModelDocument) -> None:
    told = []
    document.verification_changed.connect(lambda: told.append(document.verification))
    document.set_edited(derived(), NO_CHANGES)
    assert (document.verification, told) == (None, [None])
    document.set_verification(SimpleNamespace())
    document.set_weights(None, None)
    assert document.verification is None
    assert len(told) == 3


def test_what_is_saved_is_what_changes_are_counted_from(document: ModelDocument) -> None:
    opened = document.original_net
    document.set_saved(Path("renamed.prototxt"))
    assert (document.renames, document.is_edited) == ((), False)
    assert document.saved_net is document.net
    assert document.original_net is opened


def test_every_change_makes_late_results_late(document: ModelDocument) -> None:
    revisions = [document.revision]
    document.set_edited(derived(), NO_CHANGES)
    revisions.append(document.revision)
    document.set_weights(None, None)
    revisions.append(document.revision)
    document.set_opened(None, derived())
    revisions.append(document.revision)
    assert revisions == sorted(set(revisions))
