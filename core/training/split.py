"""Dividing images into those to learn from and those held back, with near-duplicates together."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.csv_table import write_csv
from core.errors import RequestError
from core.files import write_file
from core.typed_json import as_type, load_json

PARTS = ("train", "val", "test")
SPLIT_NAME, LABELS_NAME = "split.json", "labels.csv"
_MOST_BYTES = 256 << 20


class Split(msgspec.Struct, frozen=True):
    """Names of images by part, and how they were drawn; classes are numbered by their order.

    shares: of train, val and test, with sum 1.
    """

    root: str
    classes: tuple[str, ...]
    labels: dict[str, str]
    parts: dict[str, tuple[str, ...]]
    shares: tuple[float, float, float]
    seed: int

    def counts(self, label: str) -> tuple[int, ...]:
        """How many images of a class each part has."""
        return tuple(sum(self.labels[name] == label for name in self.parts[part]) for part in PARTS)

    @property
    def labels_are_folders(self) -> bool:
        """Whether the class of each image is the first folder that it lies in."""
        return all(name.partition("/")[0] == label for name, label in self.labels.items())

    def number(self, label: str) -> int:
        """What Caffe's list files and the net's outputs call a class."""
        return self.classes.index(label)


@dataclass(frozen=True)
class _Unit:
    """Images that stay together, and how many of each class they are."""

    names: tuple[str, ...]
    counts: Mapping[str, int]


def split_images(
    root: Path,
    labels: Mapping[str, str],
    alike: Sequence[Sequence[str]],
    *,
    shares: tuple[float, float, float] = (0.7, 0.15, 0.15),
    seed: int = 1,
) -> Split:
    """Draw the parts: each class divided by the shares, each group of `alike` whole in one part.

    Greedy: the largest groups first, each to where its classes lack most. The same arguments give
    the same parts. Raises RequestError for shares that are none.
    """
    if min(shares) < 0 or not shares[0] > 0 or abs(sum(shares) - 1.0) > 1e-6:
        raise RequestError(
            "The shares of train, val and test have to add up to 100 %, with some to train on."
        )
    totals = Counter(labels.values())
    missing = {part: {label: share * n for label, n in totals.items()}
               for part, share in zip(PARTS, shares, strict=True)}  # fmt: skip
    drawn: dict[str, list[str]] = {part: [] for part in PARTS}
    for unit in _units(labels, alike, seed):
        part = max(PARTS, key=lambda part: _lack(missing[part], unit, totals))
        drawn[part] += unit.names
        for label, n in unit.counts.items():
            missing[part][label] -= n
    return Split(
        str(root),
        tuple(sorted(totals)),
        dict(labels),
        {part: tuple(sorted(names)) for part, names in drawn.items()},
        shares,
        seed,
    )


def _units(labels: Mapping[str, str], alike: Sequence[Sequence[str]], seed: int) -> list[_Unit]:
    grouped = [tuple(group) for group in alike]
    inside = {name for group in grouped for name in group}
    grouped += [(name,) for name in sorted(labels) if name not in inside]
    units = [_Unit(group, Counter(labels[name] for name in group)) for group in grouped]
    random.Random(seed).shuffle(units)
    return sorted(units, key=lambda unit: -len(unit.names))


def _lack(missing: Mapping[str, float], unit: _Unit, totals: Mapping[str, int]) -> float:
    """How much of a part's share of these classes is still to come."""
    return sum(n * missing[label] / totals[label] for label, n in unit.counts.items())


def straddling(split: Split, alike: Sequence[Sequence[str]]) -> int:
    """How many groups lie in more than one part; 0 for a split that was drawn with them."""
    part_of = {name: part for part, names in split.parts.items() for name in names}
    return sum(len({part_of[name] for name in group if name in part_of}) > 1 for group in alike)


def write_split(split: Split, folder: Path) -> tuple[Path, ...]:
    """split.json, and for each part the list that an ImageData layer reads: name and number.

    Raises AppError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / SPLIT_NAME]
    document = json.dumps(msgspec.to_builtins(split), indent=1)
    write_file(written[0], document.encode())
    for part in PARTS:
        names = split.parts[part]
        if not names:
            continue
        lines = [f"{name} {split.number(split.labels[name])}\n" for name in names]
        written.append(folder / f"{part}.txt")
        write_file(written[-1], "".join(lines).encode("utf-8", "surrogateescape"))
    return tuple(written)


def write_labels(split: Split, folder: Path) -> Path:
    """A table file,label of every image, where no folder tells their classes. Raises AppError."""
    path = folder / LABELS_NAME
    write_csv(path, [("file", "label"), *sorted(split.labels.items())])
    return path


def read_split(path: Path) -> Split:
    """A split.json, or the one of a folder. Raises AppError for what is none."""
    file = path / SPLIT_NAME if path.is_dir() else path
    split = as_type(load_json(file, _MOST_BYTES), Split, file.name)
    names = [name for part in PARTS for name in split.parts.get(part, ())]
    lost = [name for name in names if split.labels.get(name) not in split.classes]
    if lost or set(split.parts) != set(PARTS) or len(names) != len(set(names)):
        raise RequestError(f"{file.name} is damaged: its parts and classes do not fit together.")
    return split
