"""What the user is offered where images are to be read first: a line, and a question if long."""

from __future__ import annotations

from core.words import about_text, bytes_text, plural
from gui.controllers.searching.index import Looked, Searched
from gui.panels.retrieval.view import Offer

READ, CANCEL = "read", "cancel"


def offer_of(looked: Looked, shown: Searched | None) -> Offer | None:
    """The line over the ranking; None where nothing is to be read.

    shown: what the ranking is of.
    """
    outlook, reading = looked.outlook, looked.reading
    if not outlook.n_to_read:
        return None
    time = _time(looked)
    read = f"Read {outlook.n_to_read:,}{time}"
    if shown is not None and shown.gallery.folder == reading.request.out:
        if shown.gallery.progress.is_finished:
            words = f"{plural(outlook.n_to_read, 'image')} new or changed"
            return Offer(words, "The ranking is without them.", read, estimate_words(looked))
        words = f"{outlook.n_read:,} of {plural(outlook.n_files, 'image')} read"
        return Offer(words, "Nothing is lost; the ranking is of these.", f"Resume{time}",
                     estimate_words(looked))  # fmt: skip
    if shown is None:
        there = f"{outlook.n_read:,} of {outlook.n_files:,}" if outlook.n_read else "none"
        rest = f"{there} of the images read yet" if outlook.n_read else "no image is read yet"
        return Offer(reading.words, f"{rest}.", read, estimate_words(looked))
    what = (
        "is not in this gallery" if shown.reading.words != reading.words else _what(looked, shown)
    )
    if outlook.n_read and shown.reading.words != reading.words:
        what = f"{outlook.n_read:,} of {outlook.n_files:,} read"
    rest = f"{what}; the ranking is still {shown.reading.words}."
    return Offer(reading.words, rest, read, estimate_words(looked))


def _what(looked: Looked, shown: Searched) -> str:
    """In what the same value and pooling differ from what is shown."""
    now, before = looked.reading.request, shown.reading.request
    if now.net.weights != before.net.weights:
        return "with these weights is not in this gallery"
    if now.recipe != before.recipe:
        return "with this preprocessing is not in this gallery"
    return "of the net as it is now is not in this gallery"


def _time(looked: Looked) -> str:
    where = "" if looked.reading.request.cluster is None else " on the cluster"
    return where if looked.seconds is None else f"{where}, {about_text(looked.seconds)}"


def estimate_words(looked: Looked) -> str:
    """Where the time comes from and what is written, in sentences."""
    n_bytes = looked.outlook.n_bytes
    disk = "" if n_bytes is None else f" It takes about {bytes_text(n_bytes)} on the disk."
    cluster = looked.reading.request.cluster
    if looked.seconds is None and cluster is not None:
        return f"Ray's machines at '{cluster.address}' read it.{disk}"
    if looked.seconds is None:
        return f"How long it takes is not measured yet.{disk}"
    return f"An estimate: {looked.rate:.1f} images a second on this net, decoding included.{disk}"


def question_of(looked: Looked, shown: Searched | None) -> tuple[str, str]:
    """Title and body of the question before a long index."""
    outlook, words = looked.outlook, looked.reading.words
    title = f"Read {plural(outlook.n_to_read, 'image')} for {words}?"
    n_bytes = outlook.n_bytes
    lines = [
        f"Time: about {_long(looked.seconds or 0.0)}, an estimate: {looked.rate:.1f} images a "
        "second, decoding included.",
        *([] if n_bytes is None else [f"On the disk: about {bytes_text(n_bytes)}."]),
        "After Cancel or a crash it goes on from where it was.",
        *([] if shown is None else [f"Shown until then: {shown.reading.words}."]),
    ]
    return title, "\n".join(lines)


def _long(seconds: float) -> str:
    """ "14 minutes", "45 seconds", "2 hours 5 minutes"."""
    if seconds < 90:
        return plural(round(seconds), "second")
    minutes = round(seconds / 60)
    if minutes < 90:
        return plural(minutes, "minute")
    hours, left = divmod(minutes, 60)
    return f"{plural(hours, 'hour')} {plural(left, 'minute')}" if left else plural(hours, "hour")
