"""Pictures that are alike: equal files, and near-duplicates by a perceptual hash."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from core.errors import AppError
from core.files import file_sha256
from core.images.decoders.ahead import ended_in_order
from core.images.decoders.messages import Request
from core.images.decoders.pool import Task, shared_pool
from core.images.prepared import array_of
from core.progress import Job, Progress

N_HASH_BITS = 63
DISTANCE_LIMIT = 10
"""Of 475 photos of twelve collections all 17 pairs up to 10 are shots of one scene or copies; from
14 on pairs are mostly of different things."""

_SIDE = 32
_LOW = 8
THUMBNAIL_SIDE = 64
_CHUNK = 1 << 24
# Of 255: what is left of a picture of one colour after JPEG.
_LEAST_CONTRAST = 1.0


def perceptual_hash(rgb: np.ndarray) -> int | None:
    """63 bits that hardly change when a picture is scaled, saved anew or a little brighter.

    The signs, against their median, of the lowest 8 x 8 frequencies but the mean of the picture in
    grey on 32 x 32 cells (the DCT hash of Zauner, 2010). rgb: (height, width, 3) uint8.
    None for a picture of one colour, in which there is nothing to tell it by.
    """
    grey = rgb.astype(np.float64) @ (0.299, 0.587, 0.114)
    if grey.std() < _LEAST_CONTRAST:
        return None
    height, width = grey.shape
    frequencies = (_frequencies(height) @ grey @ _frequencies(width).T).ravel()[1:]
    bits = frequencies > np.median(frequencies)
    return int("".join("1" if bit else "0" for bit in bits), 2)


@lru_cache(maxsize=256)
def _frequencies(size: int) -> np.ndarray:
    """From `size` values to the lowest 8 frequencies of their means in 32 cells, (8, size)."""
    edges = np.linspace(0.0, size, _SIDE + 1)
    starts = np.arange(size)
    share = np.minimum(edges[1:, None], starts + 1.0) - np.maximum(edges[:-1, None], starts)
    means = np.clip(share, 0.0, None) * (_SIDE / size)
    cells = np.arange(_SIDE) + 0.5
    waves = np.cos(np.pi / _SIDE * np.arange(_LOW)[:, None] * cells)
    product: np.ndarray = waves @ means
    return product


@dataclass(frozen=True)
class AlikeFile:
    """A file of a group.

    distance: bits in which its hash differs from that of the group's first file, None where one of
    the two has no hash; is_copy: whether the bytes are those of the first.
    """

    path: Path
    distance: int | None
    is_copy: bool


AlikeGroup = tuple[AlikeFile, ...]
"""By path."""


@dataclass(frozen=True)
class AlikeFiles:
    """Groups of files that are alike, each by path, and the files that could not be looked at."""

    n_files: int
    groups: tuple[AlikeGroup, ...]
    problems: tuple[tuple[Path, str], ...]


def find_alike(paths: Sequence[Path], *, limit: int = DISTANCE_LIMIT) -> Job[AlikeFiles]:
    """Group equal files and pictures whose hashes differ in at most `limit` of 63 bits.

    Alike passes on: a series of shots is one group though its first and last may differ more.
    Needs about 200 bytes a file; the pairs are counted by brute force, 10,000 files in a second.
    """
    hashes: list[int | None] = []
    digests: list[str | None] = []
    problems: list[tuple[Path, str]] = []
    looked = pictures_ahead(paths, Request("thumbnail", "", side=THUMBNAIL_SIDE))
    try:
        for task in looked:
            if task is not None:
                found = _thumbnail(task)
                if isinstance(found, AppError):
                    problems.append((task.path, found.sentence))
                hashes.append(None if isinstance(found, AppError) else perceptual_hash(found))
                digests.append(file_digest(task.path))
            yield Progress(len(hashes), len(paths), "images compared")
    finally:
        looked.close()
    groups = yield from group_alike(paths, hashes, digests, limit=limit)
    return AlikeFiles(len(paths), groups, tuple(problems))


def group_alike(
    paths: Sequence[Path],
    hashes: Sequence[int | None],
    digests: Sequence[str | None],
    *,
    limit: int = DISTANCE_LIMIT,
) -> Job[tuple[AlikeGroup, ...]]:
    """Group files by their hashes and the digests of their bytes; None is like nothing."""
    links = _Links(len(paths))
    links.join_equal(digests)
    yield from _join_near(links, hashes, limit)
    return tuple(_group(paths, hashes, digests, found) for found in links.groups())


def _group(
    paths: Sequence[Path],
    hashes: Sequence[int | None],
    digests: Sequence[str | None],
    found: Sequence[int],
) -> AlikeGroup:
    first = found[0]
    return tuple(
        AlikeFile(
            paths[index],
            _distance(hashes[first], hashes[index]),
            digests[index] is not None and digests[index] == digests[first],
        )
        for index in found
    )


def _distance(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else (one ^ other).bit_count()


def file_digest(path: Path) -> str | None:
    """SHA-256 of a file's bytes; None for one that can't be read, as its picture will say."""
    try:
        return file_sha256(path)
    except AppError:
        return None


def pictures_ahead(paths: Sequence[Path], request: Request) -> Generator[Task | None, None, None]:
    """Ended tasks in the order of the paths, decoded ahead; None while one is waited for.

    request: what is asked of each, its path left out. Closing lets the decoders go.
    """
    pool = shared_pool()
    begun = (
        pool.submit(
            path, msgspec.structs.replace(request, path=str(path.absolute())), is_ahead=True
        )
        for path in paths
    )
    return ended_in_order(begun, 4 * pool.n_decoders)


def _thumbnail(task: Task) -> np.ndarray | AppError:
    try:
        return array_of(task)
    except AppError as error:
        return error


def _join_near(links: _Links, hashes: Sequence[int | None], limit: int) -> Job[None]:
    """Link files by their hashes, equal ones first, so that many of one kind cost no pairs."""
    first_of: dict[int, int] = {}
    for index, found in enumerate(hashes):
        if found is not None:
            links.join(first_of.setdefault(found, index), index)
    files = list(first_of.values())
    values = np.fromiter(first_of, np.uint64, len(first_of))
    n_rows = max(1, _CHUNK // max(1, len(files)))
    for begin in range(0, len(files), n_rows):
        rows = values[begin : begin + n_rows, None]
        near = np.bitwise_count(rows ^ values[None, begin:]) <= limit
        for row, column in np.argwhere(near):
            links.join(files[begin + row], files[begin + column])
        yield Progress(min(begin + n_rows, len(files)), len(files), "hashes compared")


class _Links:
    """Which of n things belong together, by links between two of them."""

    def __init__(self, n: int) -> None:
        self._parent = list(range(n))

    def join(self, one: int, other: int) -> None:
        """The lower of the two groups' first members stands for both."""
        low, high = sorted((self._first(one), self._first(other)))
        self._parent[high] = low

    def join_equal(self, keys: Sequence[str | None]) -> None:
        """Link what has the same key; None is like nothing."""
        first_of: dict[str, int] = {}
        for index, key in enumerate(keys):
            if key is not None:
                self.join(first_of.setdefault(key, index), index)

    def groups(self) -> list[list[int]]:
        """The members of each group of two or more, by their numbers."""
        found: dict[int, list[int]] = {}
        for index in range(len(self._parent)):
            found.setdefault(self._first(index), []).append(index)
        return [members for members in found.values() if len(members) > 1]

    def _first(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index
