"""One intervention, and lists of them as files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from core.engines.values import Value
from core.errors import AppError
from core.files import write_file
from core.stored_path import StoredPath
from core.typed_json import as_type, load_json
from core.words import join_names, readable_name

Kind = Literal["off", "scale", "only", "constant", "image", "layer"]
_NEEDS_CHANNELS = ("only",)
_FORMAT = "blobscope interventions"
_MOST_BYTES = 4 << 20
_MOST = 1000
_LARGEST = 1e30


class Intervention(msgspec.Struct, frozen=True):
    """A value that is written over right after its layer: what follows is computed with that.

    channels: () for all of it. number: the factor of "scale", the value of "constant". image: the
    file whose values stand there instead. source: the value of the same pass, untouched, that does.
    """

    value: Value
    kind: Kind
    channels: tuple[int, ...] = ()
    number: float = 0.0
    image: str = ""
    source: Value | None = None

    def check(self) -> None:
        """Raise AppError for what means nothing."""
        if any(channel < 0 for channel in self.channels):
            raise AppError(f"There is no channel {min(self.channels)}.")
        if self.kind in _NEEDS_CHANNELS and not self.channels:
            raise AppError(f"Which channels of '{self.value.layer}' are left?")
        if not abs(self.number) <= _LARGEST:
            raise AppError(f"{self.number} is no number to change a value by.")
        if self.kind == "image" and not self.image:
            raise AppError(f"Which image's values does '{self.value.layer}' take?")
        if self.kind == "layer" and self.source is None:
            raise AppError(f"Which layer's values does '{self.value.layer}' take?")

    @property
    def where(self) -> str:
        """ "445", "1, 2 and 9"; "all" for the whole value."""
        if len(self.channels) > 3:
            return f"{len(self.channels)} channels"
        return join_names([str(channel) for channel in self.channels]) or "all"

    @property
    def label(self) -> str:
        """ "445 off", "72 × 0.5", "only 3": for a chip."""
        if self.kind == "only":
            return f"only {self.where}"
        return f"{self.where} {self._what}"

    @property
    def sentence(self) -> str:
        """ "relu5_3, channel 445 off": for a list."""
        return f"{readable_name(self.value.layer)}, {self._named}"

    @property
    def clause(self) -> str:
        """ "without channel 445", "with channel 72 × 0.5": for a sentence."""
        if self.kind == "off":
            return f"without {self._channels}"
        return f"with {self._named}"

    @property
    def _channels(self) -> str:
        if not self.channels:
            return f"all of {readable_name(self.value.layer)}"
        if len(self.channels) > 3:
            return self.where
        return f"channel{'s' if len(self.channels) > 1 else ''} {self.where}"

    @property
    def _named(self) -> str:
        if self.kind == "only":
            return f"only {self._channels}"
        what = self._channels if self.channels else "all"
        return f"{what} {self._what}"

    @property
    def _what(self) -> str:
        if self.kind == "off":
            return "off"
        if self.kind == "scale":
            return f"× {self.number:g}"
        if self.kind == "constant":
            return f"= {self.number:g}"
        if self.kind == "image":
            return f"from {Path(self.image).name}"
        return f"from {readable_name(self.source.layer) if self.source else '?'}"


def images_of(listed: Iterable[Intervention], folder: Path) -> dict[str, StoredPath]:
    """Where the images lie whose values are put, as a file in `folder` keeps it."""
    return {one.image: StoredPath.of(Path(one.image), folder) for one in listed if one.image}


def with_images(
    listed: Iterable[Intervention], images: Mapping[str, StoredPath], folder: Path
) -> tuple[Intervention, ...]:
    """The same with the images where they lie now; images: of `images_of`, read in `folder`."""
    return tuple(
        msgspec.structs.replace(one, image=str(images[one.image].found(folder)))
        if one.image in images
        else one
        for one in listed
    )


class _List(msgspec.Struct, frozen=True):
    format: str
    interventions: tuple[Intervention, ...]
    version: int = 1
    images: dict[str, StoredPath] = {}


def write_interventions(path: Path, listed: Sequence[Intervention]) -> None:
    """Write a list as JSON, beside and then renamed. Raises AppError when the disk refuses."""
    images = images_of(listed, path.absolute().parent)
    document = msgspec.to_builtins(_List(_FORMAT, tuple(listed), images=images))
    write_file(path, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())


def read_interventions(path: Path) -> tuple[Intervention, ...]:
    """A list that `write_interventions` wrote. Raises AppError for any other file."""
    return as_interventions(load_json(path, _MOST_BYTES), path.name, path.absolute().parent)


def as_interventions(
    document: object, name: str, folder: Path | None = None
) -> tuple[Intervention, ...]:
    """The list in a parsed document, of a file in `folder` where it is of one.

    Raises AppError, which calls it `name`, for any other.
    """
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise AppError(f"{name} is no list of interventions.", hint="Save one from the window.")
    read = as_type(document, _List, name)
    if read.version != 1:
        raise AppError(f"{name} was written by a newer Blobscope.")
    if len(read.interventions) > _MOST:
        raise AppError(
            f"{name} lists {len(read.interventions):,} interventions; {_MOST:,} at most."
        )
    for one in read.interventions:
        one.check()
    if folder is None:
        return read.interventions
    return with_images(read.interventions, read.images, folder)
