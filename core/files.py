"""Writing files so that nobody ever finds one half written."""

from __future__ import annotations

import contextlib
from pathlib import Path

from core.errors import AppError


def write_file(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and rename it into place.

    Raises AppError when the disk refuses; what was at `path` before is still there then.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise AppError(
            f"{path} can't be written: {reason}.", hint="Choose another place."
        ) from error
