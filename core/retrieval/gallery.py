"""A gallery to search in: the images of an index with labels and descriptors, at one moment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from core.errors import GalleryDamaged, GalleryError
from core.files import is_folder
from core.images.box import Box
from core.images.decoder_versions import decoder_versions
from core.measures.places import GEM_FLOOR
from core.representations.fit_files import FitNote, list_fits
from core.retrieval.cosines import Cosines
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe
from core.retrieval.equal_descriptors import EqualDescriptors, find_equal_descriptors
from core.retrieval.finish import FITS_NAME, PLAIN
from core.retrieval.gallery_contents import (
    Contents,
    DescriptorRows,
    FileStamp,
    GalleryProgress,
    StoredImages,
    stamp_of,
)
from core.retrieval.gallery_origin import NotedOrigin
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.representations import StoredRepresentation
from core.retrieval.vectors_file import read_rows


@dataclass(frozen=True)
class ImageProblem:
    """A file that could not be described; path relative to the gallery's root, and the reason."""

    path: str
    reason: str


class Gallery:
    """A snapshot of a gallery folder; images are numbered by their sorted relative paths.

    What is indexed later is not in it: open it again. truth: where its labels come from, "folders"
    for the folders of the images. boxes: by that truth the part of each image to search with, None
    for all of it; () where it has no boxes.
    """

    def __init__(
        self,
        folder: Path,
        contents: Contents,
        truth: str = "folders",
        boxes: tuple[Box | None, ...] = (),
    ) -> None:
        self.folder = folder
        self.truth = truth
        self.boxes = boxes
        self.recipe: DescriptorRecipe = contents.recipe
        self.made_with: dict[str, str] = contents.made_with
        self.root: Path = contents.root
        self.roots: tuple[Path, ...] = contents.roots
        self.origin: NotedOrigin | None = contents.origin
        self.progress: GalleryProgress = contents.progress
        self.dimension: int = contents.dimension
        self.number: int = contents.number
        self.images: StoredImages = contents.images
        self.others: tuple[StoredRepresentation, ...] = contents.others
        self.problems = tuple(ImageProblem(p.path, p.reason) for p in contents.problems)
        self._contents = contents

    def __len__(self) -> int:
        return len(self.images)

    @property
    def contents(self) -> Contents:
        """What the database says, problems with their stamps included."""
        return self._contents

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The label of each image, None for one without."""
        return self.images.labels

    @cached_property
    def descriptors(self) -> np.ndarray:
        """As the engine gave them, (n_images, dimension) float32."""
        return self._contents.descriptors

    @cached_property
    def rows(self) -> DescriptorRows:
        """The same where they lie, none of them read before it is asked for."""
        return self._contents.rows

    @cached_property
    def cosines(self) -> Cosines:
        """What tells how like the images are to a query. Raises GalleryDamaged if one can't be."""
        cosines = Cosines(self.rows)
        damaged = np.flatnonzero(~np.isfinite(cosines.lengths))
        if damaged.size:
            raise GalleryDamaged(
                self.folder,
                f"{damaged.size:,} descriptors hold NaN or infinity, the first that of "
                f"{self.images.paths[int(damaged[0])]}",
            )
        return cosines

    @cached_property
    def equality(self) -> EqualDescriptors:
        """How many descriptors are alike."""
        is_pooled = self.recipe.pooling == "gem" and self.recipe.finish == PLAIN
        floor = GEM_FLOOR if is_pooled else 0.0
        return find_equal_descriptors(self.rows, self.labels, floor=floor)

    @property
    def fits(self) -> dict[str, FitNote]:
        """The fits that lie beside it by their names: of its recipe, and those of a sweep."""
        return list_fits(self.folder / FITS_NAME)

    def representation(self, number: int) -> Gallery:
        """The same images by another of their representations; 0 is the first.

        Raises GalleryError for a number that is none, or where its file is damaged.
        """
        if number == 0:
            return self
        found = next((one for one in self.others if one.number == number), None)
        if found is None:
            raise GalleryError(f"The gallery has no representation {number}.")
        n_rows = len(self._contents.stored)
        stored = read_rows(self.folder / found.file_name, n_rows, found.dimension)
        contents = replace(
            self._contents,
            recipe=found.recipe,
            dimension=found.dimension,
            stored=stored,
            others=(),
            number=number,
        )
        return Gallery(self.folder, contents)

    def only(self, images: np.ndarray) -> Gallery:
        """The gallery as if it had some of its images alone, (n,) int64 that rises."""
        contents = replace(self._contents, images=self.images.only(images))
        boxes = tuple(self.boxes[image] for image in images.tolist()) if self.boxes else ()
        return Gallery(self.folder, contents, self.truth, boxes)

    def path(self, index: int) -> Path:
        """Where an image lies."""
        return self.root / self.images[index].path

    def find(self, path: Path) -> int | None:
        """The index of an image by its path; None if it is not in the gallery.

        A relative path is one below the root. An absolute one is tried as it is given before links
        in it are followed, for files of the gallery may be links; then by the file itself.
        """
        if not path.is_absolute():
            return self.images.find(path.as_posix())
        given = Path(os.path.normpath(path))
        for name in (*self._below_roots(given), *self._below_roots(path.resolve())):
            index = self.images.find(name)
            if index is not None:
                return index
        return self._find_same_file(path)

    def relative(self, path: Path) -> str | None:
        """The name that a file below the images' folder would have here; None for one elsewhere."""
        given = Path(os.path.normpath(path.absolute()))
        return next(self._below_roots(given), None) or next(self._below_roots(path.resolve()), None)

    def stale_note(self, indices: Sequence[int]) -> str | None:
        """A sentence naming which of these images changed or went since they were indexed."""
        if not is_folder(self.root):
            return None  # said of the whole folder
        paths, stamps = self.images.paths, self.images.stamps[list(indices)].tolist()
        stale = [
            index
            for index, (n_bytes, changed) in zip(indices, stamps, strict=True)
            if stamp_of(f"{self.root}/{paths[index]}") != FileStamp(n_bytes, changed)
        ]
        if not stale:
            return None
        are = "image has" if len(stale) == 1 else "images have"
        named = ", ".join(paths[i] for i in stale[:3])
        more = f" and {len(stale) - 3:,} more" if len(stale) > 3 else ""
        return (
            f"{len(stale):,} {are} changed or gone since the index: {named}{more}. "
            "Index again to describe them as they are."
        )

    def _below_roots(self, path: Path) -> Iterator[str]:
        """The path relative to each root that it lies below, whatever links led to that root."""
        roots = [root.resolve() for root in self.roots]
        for folder in path.parents:
            if folder.resolve() in roots:
                yield path.relative_to(folder).as_posix()

    def _find_same_file(self, path: Path) -> int | None:
        """The image whose file this is under another name, as of a link; None if there is none."""
        for index in self.images.with_stamp(stamp_of(path)):
            with suppress(OSError):
                if path.samefile(self.path(index)):
                    return index
            is_gone = not is_folder(self.root)
            if is_gone and path.as_posix().endswith(
                self.images[index].path
            ):  # its folder went elsewhere than the gallery
                return index
        return None

    def check_recipe(self, recipe: DescriptorRecipe) -> None:
        """Raise GalleryError, which says what differs, unless descriptors can be compared."""
        check_same_recipe(self.recipe, recipe)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences that whoever reads a figure of this gallery has to know."""
        notes = []
        if self.progress.is_finished is False:
            notes.append(
                f"The gallery is {self.progress.describe()}. "
                "What is found or measured in it is not what the whole folder would give; "
                "index again to finish it."
            )
        elif self.progress.is_finished is None:
            notes.append(
                "Whether all images of its folder are in the gallery is not known: it is of an "
                "earlier format. Index again to be sure."
            )
        if not is_folder(self.root):
            notes.append(
                f"The folder of the images, {self.root}, is gone: paths are those of before."
            )
        equal = self.equality.note()
        if equal is not None:
            notes.append(equal)
        decoders = decoder_difference(self.made_with)
        if decoders is not None:
            notes.append(decoders)
        return tuple(notes)


def open_gallery(folder: Path) -> Gallery:
    """Open an index. Raises GalleryError if there is none, or it is damaged."""
    return Gallery(folder, GalleryStore(folder).read())


def decoder_difference(made_with: dict[str, str]) -> str | None:
    """A sentence naming the decoders whose versions differ from those noted; None if none do."""
    here = decoder_versions()
    changed = [
        f"{name} {version} (here {here.get(name, 'none')})"
        for name, version in made_with.items()
        if here.get(name) != version
    ]
    if not changed:
        return None
    return f"The gallery was made with {', '.join(changed)}: descriptors may differ a little."


def check_not_empty(gallery: Gallery) -> None:
    """Raise GalleryError for a gallery without images."""
    if not len(gallery):
        raise GalleryError(
            "The gallery has no images.", hint="Index a folder that holds readable images."
        )
