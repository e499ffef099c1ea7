"""What a folder of parts says of itself: the recipe of its vectors, and of which images."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from core.errors import AppError, GalleryError
from core.files import is_plain_file, write_file
from core.retrieval.descriptor import DescriptorRecipe, find_difference
from core.retrieval.gallery_origin import GalleryOrigin, read_origin
from core.retrieval.nearby import PathText
from core.typed_json import as_type, load_json

MANIFEST_NAME = "manifest.json"
LOCK_NAME = "lock"
PARTS_SUFFIX = ".parts"
_FORMAT = 1
_MOST_BYTES = 8 << 20


class _ManifestDocument(msgspec.Struct, frozen=True):
    """A manifest as JSON keeps it."""

    format: int
    recipe: dict[str, Any]
    digest: str
    root: PathText
    n_expected: Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
    origin: Any = None


@dataclass(frozen=True)
class Manifest:
    """recipe: of every vector. root: the folder of the images, by which their paths are relative.

    n_expected: images that the index had to describe when it last began. origin: the net's files.
    """

    recipe: DescriptorRecipe
    root: Path
    n_expected: int
    origin: GalleryOrigin | None = None

    def write(self, folder: Path) -> None:
        """Write it into a folder of parts. Raises AppError when the disk refuses."""
        document = _ManifestDocument(
            _FORMAT,
            self.recipe.to_json(),
            self.recipe.digest,
            str(self.root),
            self.n_expected,
            None if self.origin is None else self.origin.to_json(folder),
        )
        written = json.dumps(msgspec.to_builtins(document), indent=1)
        write_file(folder / MANIFEST_NAME, written.encode())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder of parts. Raises GalleryError without a sound one."""
    path = folder / MANIFEST_NAME
    if not is_plain_file(path):
        raise GalleryError(
            f"There are no parts of an index in '{folder}'.",
            hint=f"Such a folder has a {MANIFEST_NAME} and files called part-000001.parquet.",
        )
    try:
        noted = as_type(load_json(path, _MOST_BYTES), _ManifestDocument, str(path))
    except AppError as error:
        raise GalleryError(error.sentence, details=error.details) from error
    if noted.format != _FORMAT:
        raise GalleryError(f"The parts in '{folder}' are of another version of Blobscope.")
    recipe = DescriptorRecipe.from_json(noted.recipe)
    if recipe.digest != noted.digest:
        raise GalleryError(
            f"The manifest in '{folder}' does not fit itself: its recipe was changed by hand, or "
            "a mean image that it names is another one now."
        )
    origin = read_origin(noted.origin, folder)
    known = None
    if origin is not None:
        known = GalleryOrigin(origin.nets[0], origin.weights[0], origin.state)
    return Manifest(recipe, Path(noted.root), noted.n_expected, known)


def open_parts(folder: Path, manifest: Manifest) -> None:
    """Make a folder of parts, or go on with the one there.

    Raises GalleryError where it holds something else, or parts of another recipe or folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [one.name for one in folder.iterdir()]
    except OSError as error:
        raise GalleryError(f"The folder '{folder}' can't be made: {error.strerror}.") from error
    if MANIFEST_NAME in names:
        _check_same(read_manifest(folder), manifest, folder)
    elif any(not name.startswith(".") and name != LOCK_NAME for name in names):
        raise GalleryError(
            f"The folder '{folder}' is not empty and holds no parts.",
            hint="Choose a new folder for the parts.",
        )
    manifest.write(folder)


def _check_same(there: Manifest, here: Manifest, folder: Path) -> None:
    difference = find_difference(there.recipe, here.recipe)
    if difference is not None:
        words = difference.replace("than the gallery", "than the parts")
        raise GalleryError(
            f"The parts in '{folder}' were made with another recipe. "
            f"{words.replace('in the gallery', 'in the parts')}",
            hint="Use the same recipe, or another folder for the parts.",
        )
    if there.root != here.root:
        raise GalleryError(
            f"The parts in '{folder}' are of the images in '{there.root}', not '{here.root}'.",
            hint="Use another folder for the parts.",
        )
