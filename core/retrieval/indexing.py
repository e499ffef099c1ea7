"""Indexing: a folder of images into a gallery, in steps that a cancel or a crash can't spoil."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import GalleryError
from core.images.finding import FolderListing, SkippedFile, list_folder
from core.images.prepared import PreparedImage
from core.progress import Job, Progress
from core.retrieval.describing import Describer, check_describable, describe_batch, value_shape
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe
from core.retrieval.gallery import Gallery, ImageProblem
from core.retrieval.gallery_contents import (
    Contents,
    FileStamp,
    GalleryProgress,
    StoredImage,
    StoredProblem,
    stamp_of,
)
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.ground_truth import folder_label
from core.retrieval.image_batches import prepare_batches
from core.retrieval.mixed_order import mixed_order


@dataclass(frozen=True)
class IndexReport:
    """What indexing did.

    n_images: now in the gallery; n_added of them now, n_kept from before; n_removed: files that
    are gone. problems: images that could not be described; skipped: files that are no images.
    progress: whether every file had its turn.
    """

    gallery: Path
    n_images: int
    n_added: int
    n_kept: int
    n_removed: int
    dimension: int
    seconds: float
    problems: tuple[ImageProblem, ...]
    skipped: tuple[SkippedFile, ...]
    notes: tuple[str, ...]
    progress: GalleryProgress

    @property
    def images_per_second(self) -> float:
        """Rate of the images described now; 0 if there were none."""
        return self.n_added / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class _Plan:
    """What is to do: `todo` by relative path, what stays, and what is gone.

    n_expected: files that will be in the gallery or among its problems. outdated: those to do of
    which the gallery has an older state.
    """

    root: Path
    todo: dict[str, FileStamp]
    unnameable: tuple[StoredProblem, ...]
    n_kept: int
    n_expected: int
    outdated: tuple[str, ...]
    gone: tuple[str, ...]


def index_folder(
    engine: Describer,
    folder: Path,
    recipe: DescriptorRecipe,
    out: Path,
    *,
    origin: GalleryOrigin | None = None,
    batch_size: int = 8,
    n_threads: int = 2,
) -> Job[IndexReport]:
    """Describe all images of a folder into the gallery `out`, or bring that gallery up to date.

    After each batch the gallery is whole, so an index that was cancelled or killed goes on where
    it stood: files of unchanged size and time are kept, new and changed ones described, missing
    ones dropped. Images that can't be used are listed in the report with the reason. Raises
    GalleryError if `out` was made with another recipe or from another folder that still exists.
    """
    started = time.monotonic()
    check_describable(engine, recipe)
    yield Progress(0, 0, "images found")
    listing = list_folder(folder)
    store = GalleryStore(out)
    contents = _open_store(store, recipe, folder.resolve(), origin)
    _check_still_there(folder, listing, contents)
    plan = _plan(folder, listing, contents)
    _clean(store, plan)
    store.begin(plan.n_expected, plan.outdated)
    n_added = yield from _describe_all(engine, recipe, store, plan, batch_size, n_threads)
    store.finish()
    contents = store.read()
    return IndexReport(
        gallery=out,
        n_images=len(contents.images),
        n_added=n_added,
        n_kept=plan.n_kept,
        n_removed=len(plan.gone),
        dimension=contents.dimension,
        seconds=time.monotonic() - started,
        problems=tuple(ImageProblem(p.path, p.reason) for p in contents.problems),
        skipped=listing.skipped,
        notes=(*_notes(engine, recipe, out, contents), *_dropped(plan)),
        progress=contents.progress,
    )


def _open_store(
    store: GalleryStore, recipe: DescriptorRecipe, root: Path, origin: GalleryOrigin | None
) -> Contents:
    """Make the gallery, or check that the one there is of the same recipe and folder."""
    if not store.exists:
        store.create(recipe, root, origin)
    contents = store.read()
    check_same_recipe(contents.recipe, recipe)
    if contents.root != root:
        if contents.root.is_dir():
            raise GalleryError(
                f"This gallery is of the folder '{contents.root}', not of '{root}'.",
                hint="Index into a new folder.",
            )
        store.set_root(root)
    if origin is not None:
        store.set_origin(origin)
    return contents


def _check_still_there(folder: Path, listing: FolderListing, contents: Contents) -> None:
    """Raise GalleryError rather than drop all images because a disk is not connected."""
    if contents.images and not listing.images:
        raise GalleryError(
            f"None of the gallery's {len(contents.images):,} images is in '{folder}' now, which "
            "holds no images at all.",
            hint="Is its disk connected? To start anew, delete the gallery or choose another.",
        )


def _plan(folder: Path, listing: FolderListing, contents: Contents) -> _Plan:
    """Compare the files with what the gallery holds."""
    known = {image.path: image.stamp for image in contents.images}
    known_problems = {problem.path: problem.stamp for problem in contents.problems}
    todo: dict[str, FileStamp] = {}
    unnameable = []
    seen = set()
    n_kept = 0
    for path in mixed_order(listing.images):
        relative = path.relative_to(folder).as_posix()
        stamp = stamp_of(path)
        if not _is_utf8(relative):
            shown = relative.encode("utf-8", "backslashreplace").decode()
            unnameable.append(StoredProblem(shown, "Its name is not UTF-8; rename it.", stamp))
            seen.add(shown)
            continue
        seen.add(relative)
        if known.get(relative) == stamp:
            n_kept += 1
        elif known_problems.get(relative) != stamp:
            todo[relative] = stamp
    there = known.keys() | known_problems.keys()
    closed = _closed_folders(folder, listing)
    hidden = {name for name in there - seen if name.startswith(closed)}
    return _Plan(
        folder,
        todo,
        tuple(unnameable),
        n_kept,
        n_expected=len(listing.images) + len(hidden),
        outdated=tuple(relative for relative in todo if relative in there),
        gone=tuple(sorted(there - seen - hidden)),
    )


def _closed_folders(folder: Path, listing: FolderListing) -> tuple[str, ...]:
    """Relative beginnings, "a/b/", of folders that can't be opened: their images may be there."""
    skipped = (one.path for one in listing.skipped if one.path.is_dir())
    return tuple(f"{path.relative_to(folder).as_posix()}/" for path in skipped)


def _clean(store: GalleryStore, plan: _Plan) -> None:
    if plan.gone:
        store.remove(plan.gone)
    if plan.unnameable:
        store.add_problems(plan.unnameable)


def _describe_all(
    engine: Describer,
    recipe: DescriptorRecipe,
    store: GalleryStore,
    plan: _Plan,
    batch_size: int,
    n_threads: int,
) -> Job[int]:
    """Describe what is to do, batch by batch; returns how many images were added."""
    total, done, n_added = len(plan.todo), 0, 0
    started = time.monotonic()
    paths = [plan.root / relative for relative in plan.todo]
    batches = prepare_batches(
        paths, recipe.preprocess, batch_size=batch_size, n_threads=max(1, n_threads)
    )
    yield Progress(0, total, "images indexed")
    with closing(batches):
        for batch in batches:
            n_added += _describe(engine, recipe, store, plan, batch)
            done += len(batch)
            yield Progress(done, total, _with_rate("images indexed", done, started))
    return n_added


def _describe(
    engine: Describer,
    recipe: DescriptorRecipe,
    store: GalleryStore,
    plan: _Plan,
    batch: Sequence[PreparedImage],
) -> int:
    """Describe and store one batch; returns how many images it added."""
    problems = [_problem(plan, image, image.problem) for image in batch if image.problem]
    ready = [image for image in batch if image.values is not None]
    added: list[StoredImage] = []
    if ready:
        values = np.stack([image.values for image in ready if image.values is not None])
        descriptors = describe_batch(engine, recipe, values)
        is_finite = np.isfinite(descriptors).all(axis=1)
        for image, is_good in zip(ready, is_finite, strict=True):
            if is_good:
                added.append(_image(plan, image))
            else:
                reason = f"Layer '{recipe.layer}' gives NaN or infinity for it."
                problems.append(_problem(plan, image, reason))
        if added:
            store.add(added, descriptors[is_finite])
    if problems:
        store.add_problems(problems)
    return len(added)


def _image(plan: _Plan, image: PreparedImage) -> StoredImage:
    relative = image.path.relative_to(plan.root).as_posix()
    width, height = image.size
    return StoredImage(relative, folder_label(relative), width, height, plan.todo[relative])


def _problem(plan: _Plan, image: PreparedImage, reason: str | None) -> StoredProblem:
    relative = image.path.relative_to(plan.root).as_posix()
    return StoredProblem(relative, reason or "", plan.todo[relative])


def _notes(
    engine: Describer, recipe: DescriptorRecipe, out: Path, contents: Contents
) -> tuple[str, ...]:
    """Sentences that a reader of the results should know."""
    notes = []
    shape = value_shape(engine, recipe)
    if recipe.measure.fitting(shape) != recipe.measure:
        notes.append(f"'{recipe.layer}' has one place per channel: every pooling is flatten.")
    return (*notes, *Gallery(out, contents).notes)


def _dropped(plan: _Plan) -> tuple[str, ...]:
    """What to say of images that are no longer in the folder."""
    if not plan.gone:
        return ()
    n, named = len(plan.gone), ", ".join(plan.gone[:3])
    are = "file is" if n == 1 else "files are"
    return (f"{n:,} {are} gone from the folder, and from the gallery: {named}{_and_more(n)}.",)


def _and_more(n: int) -> str:
    return f" and {n - 3:,} more" if n > 3 else ""


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _with_rate(what: str, done: int, started: float) -> str:
    seconds = time.monotonic() - started
    return f"{what}, {done / seconds:.1f} a second" if seconds > 0.5 else what
