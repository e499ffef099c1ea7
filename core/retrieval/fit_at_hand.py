"""Images to fit on where nobody names any: another set that is described already, or fitted on.

A fit on the very images that are measured flatters itself, so that other images come first: those
that a known gallery holds by the same recipe, then those that a saved fit was made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import AppError
from core.reading import names_in
from core.representations.fit_files import FitNote, list_fits
from core.representations.pca import IMAGES_AN_AXIS
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.finish import FITS_NAME
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import StoredImages, stamp_of
from core.retrieval.gallery_store import FITTED_ON_NAME, GalleryStore

Files = frozenset[tuple[str, int]]
"""Names of images without folders, each with its bytes: what tells that two sets share some."""
MOST_SHARED = 0.1
"""Sets that share more of the smaller one overlap, and none is another: fewer files of one name may
have as many bytes by chance."""


@dataclass(frozen=True)
class Needed:
    """What a fit is needed for.

    files: the n_images that it is used on. like: a recipe of theirs; alternatives: digests of the
    recipes whose descriptors are fitted on together, one list of which a set has to have.
    dimension: that is asked for, 0 for what the images allow.
    """

    n_images: int
    files: Files
    like: DescriptorRecipe
    alternatives: tuple[tuple[str, ...], ...]
    dimension: int = 0

    @property
    def least(self) -> int:
        """Images that a set needs to be better than their own.

        As many as the dimension needs, or as they are themselves; without one half as many.
        """
        if not self.dimension:
            return max(2, -(-self.n_images // 2))
        return max(self.dimension + 1, min(IMAGES_AN_AXIS * self.dimension, self.n_images))

    def is_other(self, files: Files) -> bool:
        """Whether these are other images."""
        return len(self.files & files) <= MOST_SHARED * min(len(self.files), len(files))


@dataclass(frozen=True, eq=False)
class SetAtHand:
    """A gallery of other images; numbers: of its representations, as the alternative lists them."""

    gallery: Gallery
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, gallery: Gallery, alternatives: Sequence[Sequence[str]]) -> SetAtHand | None:
        """A gallery by the first alternative that it holds; None where it holds none."""
        number_of = {one.recipe.digest: one.number for one in reversed(gallery.others)}
        number_of[gallery.recipe.digest] = 0
        for digests in alternatives:
            if all(digest in number_of for digest in digests):
                return cls(gallery, tuple(number_of[digest] for digest in digests))
        return None


@dataclass(frozen=True)
class FitAtHand:
    """A saved fit of other images, by its path without an ending."""

    path: Path
    note: FitNote


def files_of(images: StoredImages) -> Files:
    """What tells the images of a gallery from others."""
    names = (PurePosixPath(path).name for path in images.paths)
    return frozenset(zip(names, images.stamps[:, 0].tolist(), strict=True))


def listed_files(paths: Iterable[Path]) -> Files:
    """The same of files that no gallery holds yet."""
    return frozenset((path.name, stamp_of(path).n_bytes) for path in paths)


def find_set(places: Sequence[Path], needed: Needed) -> SetAtHand | None:
    """The largest other set that a gallery below `places` holds so described; None without one.

    Of equally many images the first by the gallery's name. Damaged and unfinished galleries are
    passed over.
    """
    found = [one for folder in _galleries(places) if (one := _fitting(folder, needed)) is not None]
    return max(found, key=lambda one: len(one.gallery), default=None)


def find_fit(
    places: Sequence[Path], folder: Path, made_for: str, *, after: str = "", dimension: int = 0
) -> FitAtHand | None:
    """The saved fit of most images that is made for these descriptors, of another folder.

    after: what it has to be a fit for, "" for anything; dimension: that it has to have.
    """
    own = folder.resolve()
    found = [
        FitAtHand(gallery / FITS_NAME / name, note)
        for gallery in _galleries(places)
        for name, note in sorted(list_fits(gallery / FITS_NAME).items())
        if note.made_for == made_for
        and after in ("", note.after)
        and note.dimensions >= dimension
        and note.folder
        and _are_apart(own, Path(note.folder))
    ]
    return max(found, key=lambda one: one.note.n_images, default=None)


def _galleries(places: Sequence[Path]) -> Iterator[Path]:
    """Folders that may hold galleries, and those that a gallery fitted on."""
    for folder in (place / name for place in places for name in sorted(names_in(place))):
        yield folder
        yield folder / FITTED_ON_NAME


def _fitting(folder: Path, needed: Needed) -> SetAtHand | None:
    store, like = GalleryStore(folder), needed.like
    with suppress(AppError):
        if not store.exists:
            return None
        recipe = store.read_recipe()
        if recipe.weights_sha256 != like.weights_sha256 or recipe.preprocess != like.preprocess:
            return None
        gallery = open_gallery(folder)
        is_whole = gallery.progress.is_finished is not False
        if is_whole and len(gallery) >= needed.least:
            found = SetAtHand.of(gallery, needed.alternatives)
            if found is not None and needed.is_other(files_of(gallery.images)):
                return found
    return None


def _are_apart(one: Path, other: Path) -> bool:
    return not one.is_relative_to(other) and not other.is_relative_to(one)
