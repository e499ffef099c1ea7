"""What a badge's tooltip says: what happens to a blob version, and what a click does about it."""

from __future__ import annotations

from core.errors import RenameError
from core.net.definition import Net
from core.net.rename import default_blob_name
from gui.graph.picture import BadgePicture


def badge_sentence(net: Net | None, badge: BadgePicture) -> str:
    """One or two sentences that name the layers and the blob."""
    if badge.state == "own":
        return f"{badge.layer} has blob {badge.label} of its own."
    if net is None or not badge.wish:
        return f"net.blobs['{badge.label}'] holds it after a forward pass."
    if badge.state == "overwritten":
        fate = f"{badge.overwritten_by} overwrites it."
    else:
        fate = "Readable after a forward pass."
    blob = badge.label.rpartition("@")[0]
    tops = [version.top_index for version in net.written(badge.wish) if version.blob == blob]
    try:
        name = default_blob_name(net, badge.wish, tops[0] if tops else 0)
    except RenameError as error:
        return f"{fate} {error.sentence}"
    return f"{fate} Click: {badge.wish} gets blob {name}."
