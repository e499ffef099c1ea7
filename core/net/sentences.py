"""What in-place layers do to a blob, as sentences that name the layers."""

from __future__ import annotations

from collections.abc import Sequence

from core.net.definition import BlobVersion
from core.words import join_names


def sharing_sentence(versions: Sequence[BlobVersion]) -> str:
    """What a full forward pass leaves of the versions of one blob, oldest first."""
    last = versions[-1]
    lost = [version.layer for version in versions[:-1]]
    owned = [f"{possessive(lost[0])} own", *(possessive(name) for name in lost[1:])]
    verb = "is" if len(lost) == 1 else "are"
    return (
        f"After a forward pass blob {last.blob} holds {possessive(last.layer)} output. "
        f"{join_names(owned)} {verb} overwritten."
    )


def possessive(name: str) -> str:
    """ "drop7's", with the apostrophe of print."""
    return f"{name}\N{RIGHT SINGLE QUOTATION MARK}s"
