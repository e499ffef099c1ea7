"""What is said of files that other programs change while they are open."""

from __future__ import annotations

from gui.notices import Notice, NoticeAction


def changed_notice(name: str) -> Notice:
    """The file has another text now, and the one that is open has edits."""
    return Notice(
        "warning",
        f"{name} was changed by another program",
        "Your edits are kept until you say what to do.",
        actions=(
            NoticeAction("difference", "Show difference", "compare"),
            NoticeAction("reload", "Reload", "restart"),
            NoticeAction("keep", "Keep mine", closes=True),
        ),
        key="changed-file",
    )


def gone_notice(name: str) -> Notice:
    """The file was deleted or moved away."""
    return Notice(
        "warning",
        f"{name} is not there any more",
        "The net stays open as it was read. Save it to keep it.",
        actions=(NoticeAction("save", "Save as new file…", "save"),),
        key="changed-file",
    )
