"""Images with a class each: a folder for each class, a table, or a list file of Caffe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RequestError
from core.files import is_folder
from core.images.finding import FolderListing, SkippedFile, list_folder
from core.retrieval.label_table import read_label_table


@dataclass(frozen=True)
class LabelledImage:
    """A file, its name as seen from the root, and its class."""

    path: Path
    name: str
    label: str


@dataclass(frozen=True)
class LabelledImages:
    """Images by name, and what was left out: files that are none, rows whose file is missing."""

    root: Path
    images: tuple[LabelledImage, ...]
    skipped: tuple[SkippedFile, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order that numbers them."""
        return tuple(sorted({image.label for image in self.images}))


def find_labelled(source: Path) -> LabelledImages:
    """The images of a folder with a sub-folder a class, or of a table or list of (file, label).

    Files of a table are looked for beside it. Raises RequestError where there are no classes.
    """
    if is_folder(source):
        return _of_folder(list_folder(source))
    root = source.absolute().parent
    images: list[LabelledImage] = []
    skipped: list[SkippedFile] = []
    for row in read_label_table(source).rows:
        path = root / row.file
        if row.label is None:
            skipped.append(SkippedFile(path, f"line {row.line} gives no class"))
        elif not path.is_file():
            skipped.append(SkippedFile(path, f"line {row.line}: there is no such file", True))
        else:
            images.append(LabelledImage(path, row.file, row.label))
    return _checked(LabelledImages(root, tuple(images), tuple(skipped)), source)


def _of_folder(listing: FolderListing) -> LabelledImages:
    images: list[LabelledImage] = []
    skipped = list(listing.skipped)
    for path in listing.images:
        relative = path.relative_to(listing.root)
        if len(relative.parts) < 2:
            skipped.append(SkippedFile(path, "it lies in no folder of a class"))
        else:
            images.append(LabelledImage(path, relative.as_posix(), relative.parts[0]))
    root = listing.root.absolute()  # lists and nets that name it lie elsewhere
    return _checked(LabelledImages(root, tuple(images), tuple(skipped)), root)


def _checked(found: LabelledImages, source: Path) -> LabelledImages:
    if len(found.classes) < 2:
        n_classes = len(found.classes)
        raise RequestError(
            f"'{source.name}' gives {n_classes} class{'es' if n_classes != 1 else ''} of images; "
            "training needs two.",
            hint="Put the images of each class into a folder of its own, or name a table "
            "'file,label'.",
        )
    return found
