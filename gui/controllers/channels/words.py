"""What is said of channels over a folder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtGui import QImage

from core.jobs.channels import ChannelsFound, ChannelsRequest
from core.jobs.fired_parts import FiredPart
from core.retrieval.gallery import Gallery
from core.words import about_text, plural, value_text
from gui.panels.channels.values import ReadOffer, TopPicture


def offer_of(request: ChannelsRequest, gallery: Gallery, seconds: float | None) -> ReadOffer:
    """The offer to read a layer over a folder, with its time where that is known."""
    n = len(gallery)
    time = "" if seconds is None else f", {about_text(seconds)}"
    return ReadOffer(
        f"{request.layer_name} is not read over {plural(n, 'image')} of {gallery.root.name} yet.",
        f"Read {n:,}{time}",
        "One pass for each image; what is read is kept with the gallery. "
        "The line below cancels it, and it goes on from there.",
        "Reads every layer in the same pass, so that any layer opened later has its top images "
        "at once. Kept with the gallery, on the disk.",
    )


def short_value(value: float) -> str:
    """A value in few digits, as it stands under a picture."""
    size = abs(value)
    return value_text(value) if size >= 1e5 or (size and size < 1e-3) else f"{value:.4g}"


def top_pictures(parts: Sequence[FiredPart], found: ChannelsFound) -> tuple[TopPicture, ...]:
    """The top images as the views take them."""
    shown = []
    for rank, one in enumerate(parts, start=1):
        label = found.labels[one.image]
        place = f" at ({', '.join(map(str, one.place))})" if one.place else ""
        tip = f"{one.name}: {short_value(one.peak)}{place}, rank {rank} of {found.table.n_images:,}"
        tip += f"\n{label}" if label else ""
        tip += "" if one.pixels is not None else "\nThe file can't be read any more."
        shown.append(
            TopPicture(one.image, one.name, short_value(one.peak), image_of(one.pixels), tip)
        )
    return tuple(shown)


def image_of(pixels: np.ndarray | None) -> QImage:
    """(height, width, 3) uint8 RGB as a picture of its own; null for None."""
    if pixels is None:
        return QImage()
    height, width, _ = pixels.shape
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format_RGB888).copy()
