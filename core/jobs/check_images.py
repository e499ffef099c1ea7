"""Checking the images that a net is to learn from, and dividing them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RequestError
from core.images.alike import DISTANCE_LIMIT
from core.progress import Job
from core.training.data_check import DataCheck, check_images
from core.training.labelled_images import find_labelled
from core.training.split import Split, split_images, write_split


@dataclass(frozen=True)
class CheckImagesRequest:
    """A folder with a sub-folder a class, a table (file, label), or a list file of Caffe."""

    source: Path
    limit: int = DISTANCE_LIMIT


@dataclass(frozen=True)
class SplitRequest:
    """What to divide and how, and the folder for split.json and the list files."""

    checked: CheckImagesRequest
    out: Path
    shares: tuple[float, float, float] = (0.7, 0.15, 0.15)
    seed: int = 1


@dataclass(frozen=True)
class SplitMade:
    """A split, the check it rests on, and the files that hold it."""

    split: Split
    check: DataCheck
    written: tuple[Path, ...]


def check(request: CheckImagesRequest) -> Job[DataCheck]:
    """Look at every image. Raises AppError."""
    return (yield from check_images(find_labelled(request.source), limit=request.limit))


def split(request: SplitRequest) -> Job[SplitMade]:
    """Check, divide what stays, and write it down. Raises AppError."""
    checked = yield from check(request.checked)
    labels = {name: checked.labels[name] for name in checked.kept}
    if len(set(labels.values())) < 2:
        raise RequestError(
            "Fewer than two classes are left after the check.",
            hint="See what check-images says of them.",
        )
    made = split_images(
        checked.root, labels, checked.alike, shares=request.shares, seed=request.seed
    )
    return SplitMade(made, checked, write_split(made, request.out))
