"""Checking the images that a net is to learn from, and dividing them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RequestError
from core.images.alike import DISTANCE_LIMIT
from core.progress import Job
from core.training.data_check import DataCheck, Kind, check_images, decide
from core.training.labelled_images import find_labelled
from core.training.split import Split, split_images, write_split


@dataclass(frozen=True)
class CheckImagesRequest:
    """A folder with a sub-folder a class, a table (file, label), or a list file of Caffe."""

    source: Path
    limit: int = DISTANCE_LIMIT


@dataclass(frozen=True)
class SplitRequest:
    """What to divide and how, and the folder for split.json and the list files; None writes none.

    keep, leave_out: kinds of findings whose files stay, or go, other than by themselves.
    """

    checked: CheckImagesRequest
    out: Path | None
    shares: tuple[float, float, float] = (0.7, 0.15, 0.15)
    seed: int = 1
    keep: tuple[Kind, ...] = ()
    leave_out: tuple[Kind, ...] = ()


@dataclass(frozen=True)
class SplitMade:
    """A split, the check it rests on, and the files that hold it."""

    split: Split
    check: DataCheck
    written: tuple[Path, ...]


def check(request: CheckImagesRequest) -> Job[DataCheck]:
    """Look at every image. Raises AppError."""
    return (yield from check_images(find_labelled(request.source), limit=request.limit))


def split(request: SplitRequest, checked: DataCheck | None = None) -> Job[SplitMade]:
    """Check, divide what stays, and write it down. Raises AppError.

    checked: what a check of the same request gave, so that no image is looked at again.
    """
    if checked is None:
        checked = yield from check(request.checked)
    decided = decide(checked, request.keep, request.leave_out)
    labels = {name: decided.labels[name] for name in decided.kept}
    if len(set(labels.values())) < 2:
        raise RequestError(
            "Fewer than two classes are left after the check.",
            hint="See what check-images says of them.",
        )
    made = split_images(
        decided.root, labels, decided.alike, shares=request.shares, seed=request.seed
    )
    written = () if request.out is None else write_split(made, request.out)
    return SplitMade(made, decided, written)
