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
from core.progress import Job, Progress
from core.retrieval.describing import Describer, check_describable, describe_batch, value_shape
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe
from core.retrieval.gallery import ImageProblem, decoder_difference
from core.retrieval.gallery_store import (
    Contents,
    FileStamp,
    GalleryStore,
    StoredImage,
    StoredProblem,
)
from core.retrieval.ground_truth import folder_label
from core.retrieval.image_batches import PreparedImage, prepare_batches


@dataclass(frozen=True)
class IndexReport:
    """What indexing did.

    n_images: now in the gallery; n_added of them now, n_kept from before; n_removed: files that
    are gone. problems: images that could not be described; skipped: files that are no images.
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

    @property
    def images_per_second(self) -> float:
        """Rate of the images described now; 0 if there were none."""
        return self.n_added / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class _Plan:
    """What is to do: `todo` by relative path, what stays, and what is gone."""

    root: Path
    todo: dict[str, FileStamp]
    unnameable: tuple[StoredProblem, ...]
    n_kept: int
    gone: tuple[str, ...]


def index_folder(
    engine: Describer,
    folder: Path,
    recipe: DescriptorRecipe,
    out: Path,
    *,
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
    contents = _open_store(store, recipe, folder.resolve())
    plan = _plan(folder, listing, contents)
    _clean(store, plan)
    n_added = yield from _describe_all(engine, recipe, store, plan, batch_size, n_threads)
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
        notes=_notes(engine, recipe, contents),
    )


def _open_store(store: GalleryStore, recipe: DescriptorRecipe, root: Path) -> Contents:
    """Make the gallery, or check that the one there is of the same recipe and folder."""
    if not store.exists:
        store.create(recipe, root)
    contents = store.read()
    check_same_recipe(contents.recipe, recipe)
    if contents.root != root:
        if contents.root.is_dir():
            raise GalleryError(
                f"This gallery is of the folder '{contents.root}', not of '{root}'.",
                hint="Index into a new folder.",
            )
        store.set_root(root)
    return contents


def _plan(folder: Path, listing: FolderListing, contents: Contents) -> _Plan:
    """Compare the files with what the gallery holds."""
    known = {image.path: image.stamp for image in contents.images}
    known_problems = {problem.path: problem.stamp for problem in contents.problems}
    todo: dict[str, FileStamp] = {}
    unnameable = []
    seen = set()
    n_kept = 0
    for path in listing.images:
        relative = path.relative_to(folder).as_posix()
        stamp = _stamp(path)
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
    gone = tuple(sorted((known.keys() | known_problems.keys()) - seen))
    return _Plan(folder, todo, tuple(unnameable), n_kept, gone)


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


def _notes(engine: Describer, recipe: DescriptorRecipe, contents: Contents) -> tuple[str, ...]:
    """Sentences that a reader of the results should know."""
    notes = []
    shape = value_shape(engine, recipe)
    if recipe.measure.fitting(shape) != recipe.measure:
        notes.append(f"'{recipe.layer}' has one place per channel: every pooling is flatten.")
    decoders = decoder_difference(contents.made_with)
    if decoders is not None:
        notes.append(decoders)
    return tuple(notes)


def _stamp(path: Path) -> FileStamp:
    try:
        status = path.stat()
    except OSError:
        return FileStamp(-1, -1)
    return FileStamp(status.st_size, status.st_mtime_ns)


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _with_rate(what: str, done: int, started: float) -> str:
    seconds = time.monotonic() - started
    return f"{what}, {done / seconds:.1f} a second" if seconds > 0.5 else what
