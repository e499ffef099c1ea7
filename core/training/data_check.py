"""Checking images before a net learns from them: what is broken, doubled, rare or strange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.errors import AppError
from core.images.alike import (
    DISTANCE_LIMIT,
    THUMBNAIL_SIDE,
    AlikeGroup,
    file_digest,
    group_alike,
    perceptual_hash,
    pictures_ahead,
)
from core.images.decoders.messages import Request
from core.images.decoders.pool import Task
from core.images.prepared import array_of
from core.progress import Job, Progress
from core.training.labelled_images import LabelledImage, LabelledImages

Kind = Literal[
    "unreadable", "cut off", "not three channels", "tiny", "narrow", "same picture",
    "near-duplicates", "few images", "imbalance",
]  # fmt: skip
DECIDED: tuple[Kind, ...] = ("cut off", "not three channels", "tiny", "narrow", "same picture",
                             "few images")  # fmt: skip
"""What a user may keep or leave out; what can't be read stays out."""
LEAST_SIDE = 64
"""Pixels; a net's input is 200 or more, so what is smaller is mostly blur."""
MOST_ASPECT = 4.0
LEAST_IMAGES = 5
"""Of a class: fewer leave nothing to learn from once some are held back."""
MOST_IMBALANCE = 5.0


@dataclass(frozen=True)
class CheckedImage:
    """What was found of one image.

    size: (width, height) upright, (0, 0) where it can't be read; problem: why it can't; flaw: what
    is wrong though it can; mode: its channels as Pillow names them.
    """

    image: LabelledImage
    size: tuple[int, int]
    mode: str
    problem: str = ""
    flaw: str = ""


@dataclass(frozen=True)
class Finding:
    """Files of one kind of trouble and a sentence on it.

    groups: of files that belong together, each group by name; one group where they do not.
    is_left_out: whether training goes without these files, or all but the first of each group.
    """

    kind: Kind
    sentence: str
    groups: tuple[tuple[str, ...], ...]
    is_left_out: bool = False

    @property
    def n_files(self) -> int:
        """How many files it is about."""
        return sum(len(group) for group in self.groups)


@dataclass(frozen=True)
class DataCheck:
    """All that a check found. kept: names of the images that stay; alike: groups among them."""

    root: Path
    images: tuple[CheckedImage, ...]
    findings: tuple[Finding, ...]
    kept: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...]

    @property
    def labels(self) -> dict[str, str]:
        """The class of each image by name."""
        return {checked.image.name: checked.image.label for checked in self.images}

    def counts(self) -> dict[str, int]:
        """How many images of each class stay, by class."""
        labels = self.labels
        found = Counter(labels[name] for name in self.kept)
        return {label: found.get(label, 0) for label in sorted(set(labels.values()))}


@dataclass
class _Looks:
    """What looking at every image gave, in their order."""

    images: list[CheckedImage]
    hashes: list[int | None]
    digests: list[str | None]


def check_images(found: LabelledImages, *, limit: int = DISTANCE_LIMIT) -> Job[DataCheck]:
    """Look at every image and say what a trainer should know. Nothing is changed on the disk.

    limit: in how many of 63 bits the hashes of near-duplicates differ at most.
    """
    looks = yield from _look(found.images)
    paths = [image.path for image in found.images]
    groups = yield from group_alike(paths, looks.hashes, looks.digests, limit=limit)
    names = {image.path: image.name for image in found.images}
    findings = [*_of_files(looks.images, found), *_of_groups(groups, names, looks.images)]
    return _decided(found.root, looks.images, findings, keeps_few=False)


def decide(check: DataCheck, keep: Collection[Kind], leave_out: Collection[Kind]) -> DataCheck:
    """The check as it is when files of some kinds stay, or go, other than by themselves."""
    findings = []
    for one in check.findings:
        if one.kind in DECIDED:
            is_out = (one.is_left_out and one.kind not in keep) or one.kind in leave_out
            findings.append(replace(one, is_left_out=is_out))
        elif one.kind != "imbalance":
            findings.append(one)
    findings = [one for one in findings if one.kind != "few images"]
    return _decided(check.root, check.images, findings, keeps_few="few images" in keep)


def _decided(
    root: Path, images: Sequence[CheckedImage], findings: Sequence[Finding], *, keeps_few: bool
) -> DataCheck:
    """With what follows for the classes once the files of the findings stay or go."""
    out = {name for finding in findings if finding.is_left_out for name in _left_out(finding)}
    counts = Counter(one.image.label for one in images if one.image.name not in out)
    every = {one.image.label for one in images}
    few = sorted(label for label in every if counts[label] < LEAST_IMAGES)
    empty = {label for label in few if not counts[label]}
    gone = empty if keeps_few else set(few)
    of_classes = _of_classes(images, counts, few, gone)
    kept = tuple(
        one.image.name
        for one in images
        if one.image.name not in out and one.image.label not in gone
    )
    staying = set(kept)
    alike = (tuple(name for name in group if name in staying) for group in _alike(findings))
    return DataCheck(
        root,
        tuple(images),
        (*findings, *of_classes),
        kept,
        tuple(group for group in alike if len(group) > 1),
    )


def _alike(findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    """Groups of which each has to stay whole; copies lie in a group of near-duplicates too."""
    found = {one.kind: one.groups for one in findings}
    near = list(found.get("near-duplicates", ()))
    inside = {name for group in near for name in group}
    return near + [g for g in found.get("same picture", ()) if not inside.issuperset(g)]


def _look(images: Sequence[LabelledImage]) -> Job[_Looks]:
    looks = _Looks([], [], [])
    paths = [image.path for image in images]
    tasks = pictures_ahead(paths, Request("look", "", side=THUMBNAIL_SIDE))
    try:
        for task in tasks:
            if task is not None:
                image = images[len(looks.images)]
                checked, found = _checked(image, task)
                looks.images.append(checked)
                looks.hashes.append(found)
                looks.digests.append(file_digest(image.path))
            yield Progress(len(looks.images), len(images), "images checked")
    finally:
        tasks.close()
    return looks


def _checked(image: LabelledImage, task: Task) -> tuple[CheckedImage, int | None]:
    try:
        small = array_of(task)
    except AppError as error:
        return CheckedImage(image, (0, 0), "", error.sentence), None
    answer, _ = task.result()
    checked = CheckedImage(image, answer.size, answer.mode, "", answer.flaw)
    return checked, perceptual_hash(small)


def _of_files(images: Sequence[CheckedImage], found: LabelledImages) -> list[Finding]:
    readable = [one for one in images if not one.problem]
    other = Counter(one.mode for one in readable if one.mode != "RGB")
    modes = ", ".join(f"{_MODES.get(mode, mode)} {n}" for mode, n in other.most_common())
    lost = [one.describe(found.root) for one in found.skipped if one.is_loss]
    kinds: list[tuple[Kind, str, list[str], bool]] = [
        ("unreadable", "left out", [one.image.name for one in images if one.problem] + lost, True),
        ("cut off", "left out unless you say otherwise",
         [one.image.name for one in readable if one.flaw], True),
        ("not three channels", f"{modes}; read as Caffe does, as three",
         [one.image.name for one in readable if one.mode != "RGB"], False),
        ("tiny", f"a side below {LEAST_SIDE} pixels",
         [one.image.name for one in readable if min(one.size) < LEAST_SIDE], False),
        ("narrow", f"one side more than {MOST_ASPECT:g} times the other",
         [one.image.name for one in readable if max(one.size) > MOST_ASPECT * min(one.size)],
         False),
    ]  # fmt: skip
    return [
        Finding(kind, sentence, (tuple(names),), is_out)
        for kind, sentence, names, is_out in kinds
        if names
    ]


_MODES = {"L": "grey", "1": "black and white", "LA": "grey with transparency", "P": "palette"}


def _of_groups(
    groups: Sequence[AlikeGroup], names: dict[Path, str], images: Sequence[CheckedImage]
) -> list[Finding]:
    labels = {one.image.name: one.image.label for one in images}
    copies = [tuple(names[f.path] for f in group if f.is_copy) for group in groups]
    copies = [group for group in copies if len(group) > 1]
    near = [tuple(names[f.path] for f in group) for group in groups if not all(
        f.is_copy for f in group)]  # fmt: skip
    found = []
    if copies:
        torn = [group for group in copies if len({labels[name] for name in group}) > 1]
        more = f"; {len(torn)} of them under two classes" if torn else ""
        sentence = f"one of each is kept{more}"
        found.append(Finding("same picture", sentence, tuple(copies), True))
    if near:
        torn = [group for group in near if len({labels[name] for name in group}) > 1]
        more = f"; {len(torn)} of them under two classes" if torn else ""
        sentence = f"each group stays on one side of the split{more}"
        found.append(Finding("near-duplicates", sentence, tuple(near)))
    return found


def _of_classes(
    images: Sequence[CheckedImage], counts: Counter[str], few: Sequence[str], gone: Collection[str]
) -> list[Finding]:
    found = []
    if few:
        named = ", ".join(f"{label} {counts[label]}" for label in few)
        groups = tuple(
            tuple(one.image.name for one in images if one.image.label == label) for label in few
        )
        is_out = len(gone) == len(few)
        sentence = f"{named}: fewer than {LEAST_IMAGES}{', left out' if is_out else ''}"
        found.append(Finding("few images", sentence, groups, is_out))
    kept = {label: n for label, n in counts.items() if label not in gone}
    if kept and max(kept.values()) > MOST_IMBALANCE * min(kept.values()):
        largest, smallest = max(kept, key=kept.__getitem__), min(kept, key=kept.__getitem__)
        sentence = f"{largest} has {kept[largest]} images, {smallest} {kept[smallest]}"
        found.append(Finding("imbalance", sentence, ()))
    return found


def _left_out(finding: Finding) -> tuple[str, ...]:
    if finding.kind == "same picture":
        return tuple(name for group in finding.groups for name in group[1:])
    return tuple(name for group in finding.groups for name in group)
