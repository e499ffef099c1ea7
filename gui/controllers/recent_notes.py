"""What is remembered of a file that was open: how it stood, and when that was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import msgspec

from core.errors import AppError
from core.typed_json import as_type, parse_json
from core.words import plural
from gui.document import ModelDocument
from gui.widgets.chip_label import Chip

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_CHARACTERS = 400


class _Record(msgspec.Struct, frozen=True):
    at: float
    detail: str = ""
    weights: str = ""
    is_whole: bool = False
    is_verified: bool = False
    is_guessed: bool = False
    can_go_on: bool = False


@dataclass(frozen=True)
class RecentNote:
    """A file as it was left: "66 layers", its state in chips, and when."""

    detail: str = ""
    chips: tuple[Chip, ...] = ()
    at: datetime | None = None


def note_of_net(document: ModelDocument, now: datetime) -> str:
    """The open net as JSON."""
    net, binding = document.net, document.binding
    verification, chosen = document.verification, document.chosen_recipe
    words = ""
    if binding is not None:
        words = f"weights {binding.n_arrays_bound:,} of {binding.n_arrays_expected:,}"
    return _written(
        _Record(
            now.timestamp(),
            plural(len(net.layers), "layer") if net is not None else "",
            words,
            is_whole=binding is not None and binding.is_complete,
            is_verified=verification is not None and verification.is_identical,
            is_guessed=chosen is not None and chosen.is_guessed,
        )
    )


def note_of_gallery(n_images: int, n_missing: int, now: datetime) -> str:
    """A folder of images as it was read, as JSON."""
    if n_missing:
        detail = f"{n_images:,} of {n_images + n_missing:,} read"
    else:
        detail = plural(n_images, "image")
    return _written(_Record(now.timestamp(), detail, can_go_on=n_missing > 0))


def read_note(text: str) -> RecentNote:
    """The inverse, for what a settings file may hold; nothing of what can't be read."""
    if not text:
        return RecentNote()
    try:
        document = parse_json(text.encode(), "the note")
        found = as_type(document, _Record, "The note")
        at = datetime.fromtimestamp(found.at).astimezone()
    except (AppError, ValueError, OverflowError, OSError):
        return RecentNote()
    chips = []
    if found.is_verified:
        chips.append(Chip("ok", "verified"))
    if found.weights:
        kind = "ok" if found.is_whole else "warning"
        chips.append(Chip(kind, found.weights[:_MOST_CHARACTERS]))
    if found.is_guessed:
        chips.append(Chip("warning", "recipe guessed"))
    if found.can_go_on:
        chips.append(Chip("info", "can go on"))
    return RecentNote(found.detail[:_MOST_CHARACTERS], tuple(chips), at)


def day_words(then: datetime, now: datetime) -> str:
    """ "today", "yesterday", "Thursday", "12 Nov", "12 Nov 2024"."""
    days = (now.date() - then.date()).days
    if days in (0, 1):
        return ("today", "yesterday")[days]
    if 1 < days < len(_DAYS):
        return _DAYS[then.weekday()]
    year = "" if then.year == now.year else f" {then.year}"
    return f"{then.day} {_MONTHS[then.month - 1]}{year}"


def _written(record: _Record) -> str:
    return json.dumps(msgspec.structs.asdict(record))
