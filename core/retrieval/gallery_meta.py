"""What a gallery's database notes beside its images, each value of the type that it must have."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec

from core.errors import AppError, GalleryError
from core.files import is_plain_file
from core.net.identity import Place
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_database import READABLE, SCHEMA
from core.retrieval.nearby import PathText, candidates, find_roots, path_from
from core.typed_json import as_type, parse_json

Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
_MOST_KEYS = 100


class RunNote(msgspec.Struct, frozen=True):
    """How far the last index came: files that it expected, and whether it ended."""

    n_expected: Count
    has_ended: bool


class GalleryMeta(msgspec.Struct, frozen=True, kw_only=True):
    """The meta table; what galleries of earlier formats lack is None.

    root and mean_image: as noted, and the ways to them from the gallery's folder. vectors: the file
    of descriptors. origin: as gallery_origin reads it, who takes a damaged one for none.
    representation_places: of the values of the further representations, in their order.
    """

    recipe: dict[str, Any]
    root: PathText
    n_rows: Count
    dimension: Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]
    root_from_gallery: PathText | None = None
    mean_image: PathText | None = None
    mean_image_from_gallery: PathText | None = None
    vectors: PathText | None = None
    run: RunNote | None = None
    origin: Any = None
    representation_places: tuple[Place | None, ...] | None = None

    def found_recipe(self, folder: Path) -> DescriptorRecipe:
        """The recipe, with its mean image where that is now."""
        recipe = DescriptorRecipe.from_json(self.recipe)
        noted = self.mean_image or recipe.preprocess.mean_image
        if noted is None:
            return recipe
        places = candidates(folder, Path(noted), self.mean_image_from_gallery)
        mean = next((path for path in places if is_plain_file(path)), places[0])
        return replace(recipe, preprocess=replace(recipe.preprocess, mean_image=str(mean)))

    def found_roots(self, folder: Path, images: Sequence[str]) -> tuple[Path, ...]:
        """Where the images may lie, the likeliest first."""
        return find_roots(candidates(folder, Path(self.root), self.root_from_gallery), images)

    @property
    def made_with(self) -> dict[str, str]:
        """The versions of what decoded the pictures, by name."""
        found = self.recipe.get("preprocess", {}).get("made_with", {})
        return as_type(found, dict[str, str], "made_with")


def read_meta(db: sqlite3.Connection) -> GalleryMeta:
    """The meta table. Raises GalleryError for another format, ValueError for a damaged table."""
    rows = db.execute("SELECT key, value FROM meta LIMIT ?", (_MOST_KEYS,)).fetchall()
    try:
        values = {str(key): parse_json(_text(value), f"'{key}'") for key, value in rows}
        schema = values.get("schema")
        if schema not in READABLE:
            raise GalleryError(
                f"The gallery has format {schema!r:.20}, not {SCHEMA}.",
                hint="It was made by another version of Blobscope.",
            )
        return as_type(values, GalleryMeta, "The table 'meta'")
    except GalleryError:
        raise
    except AppError as error:
        raise ValueError(f"{error.sentence} {error.details}".rstrip()) from error


def places_to_note(folder: Path, recipe: DescriptorRecipe, root: Path) -> dict[str, str | None]:
    """Where the images and the mean image lie, and the ways to them, by their keys."""
    mean = recipe.preprocess.mean_image
    return {
        "root": str(root),
        "root_from_gallery": path_from(folder, root),
        "mean_image": mean,
        "mean_image_from_gallery": None if mean is None else path_from(folder, Path(mean)),
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the table 'meta' has a {type(value).__name__} where text belongs")
    return value
