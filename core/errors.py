"""The error tree: each error carries a sentence for the user and a hint on what to do."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class AppError(Exception):
    """An expected failure: `sentence` says what happened, `hint` what to do, `details` the rest."""

    def __init__(self, sentence: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".rstrip()


_MOST_SHOWN = 120
"""Characters of a source line that an error message repeats."""


@dataclass(frozen=True)
class SourcePosition:
    """A place in a text file; line and column count from 1, `source_line` is the line itself."""

    path: Path | None
    line: int
    column: int
    source_line: str
    length: int = 1

    def caret(self) -> str:
        """Two lines: the source line, of a long one the part around, and a caret under the column.

        A net may be written in one line of megabytes, of which a terminal needs none but this.
        """
        column = self.column - 1
        start = max(0, column - _MOST_SHOWN // 2) if len(self.source_line) > _MOST_SHOWN else 0
        shown = self.source_line[start : start + _MOST_SHOWN]
        before = "... " if start else ""
        after = " ..." if start + _MOST_SHOWN < len(self.source_line) else ""
        lead = "".join("\t" if c == "\t" else " " for c in shown[: column - start])
        n_carets = max(1, min(self.length, len(shown) - len(lead)))
        return f"{before}{shown}{after}\n{' ' * len(before)}{lead}{'^' * n_carets}"


class RequestError(AppError):
    """A request that makes no sense as it is put: a name or an option that fits nothing."""


class PrototxtError(AppError):
    """A prototxt that can't be read as written; says file, line, column and the line itself."""

    def __init__(self, sentence: str, position: SourcePosition, *, hint: str = "") -> None:
        super().__init__(sentence, hint=hint, details=position.caret())
        self.position = position

    def __str__(self) -> str:
        name = self.position.path or "prototxt"
        where = f"{name}, line {self.position.line}, column {self.position.column}"
        return f"{where}: {self.sentence}\n{self.details}\n{self.hint}".rstrip()


class NetError(AppError):
    """A net that reads well but that Caffe would refuse, or a layer that is not in it."""


class RenameError(AppError):
    """A rename that can't be done, or would change what the net computes."""


class WeightsError(AppError):
    """A weights file that can't be read or does not fit the net."""


class ImageError(AppError):
    """An image that can't be read, is cut off, or is beyond the size limit."""


class GalleryError(AppError):
    """A gallery that is missing, damaged or made with another recipe."""


class GalleryDamaged(GalleryError):
    """A gallery whose files are not as they were written; `folder` is its own."""

    def __init__(self, folder: Path, details: str = "") -> None:
        super().__init__(
            f"The gallery '{folder}' is damaged.",
            hint="`gallery --check` says what is wrong; `gallery --repair` saves what can be read.",
            details=details,
        )
        self.folder = folder


class GalleryBeyondRepair(GalleryError):
    """A damaged gallery of which nothing can be used any more."""


class FolderLost(GalleryError):
    """The folder of a gallery's images went away while it was indexed."""


class EngineError(AppError):
    """An engine refused a request; the child is still alive."""


class EngineOutOfMemory(EngineError):
    """A pass found no memory for its values, on the host or on a GPU; a smaller one may."""


_OTHERS_RUN = "Every layer that does not need them runs: choose one of those."
_ONLY_IN_CAFFE = "Python layers run in real Caffe only: choose the engine caffe."


class UnsupportedLayerError(EngineError):
    """What is wanted needs layers this engine can't run; they are named before anything runs."""

    def __init__(self, layers: Sequence[tuple[str, str]], engine: str) -> None:
        by_type: dict[str, list[str]] = {}
        for name, type_ in layers:
            by_type.setdefault(type_, []).append(name)
        named = "; ".join(f"{type_} ({_some(names)})" for type_, names in by_type.items())
        count = "1 layer" if len(layers) == 1 else f"{len(layers)} layers"
        super().__init__(
            f"The {engine} engine can't run {count} of this net: {named}.",
            hint=_ONLY_IN_CAFFE
            if set(by_type) == {"Python"} and engine != "caffe"
            else _OTHERS_RUN,
            details="\n".join(f"{name}: {type_}" for name, type_ in layers),
        )
        self.layers = tuple(layers)
        self.engine = engine


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


class EngineUnavailableError(EngineError):
    """An engine can't start on this machine; the sentence says what is missing."""


class EngineStoppedFromOutside(EngineError):
    """What the engine runs on was ended before it came up; the next one may well come up."""


class EngineCrashed(EngineError):
    """The child died: exit code, what it was running and the last lines of its stderr.

    cause: what Caffe gave as the reason, "" when it gave none.
    """

    def __init__(
        self, exit_code: int | None, running: str, stderr_tail: str, *, cause: str = ""
    ) -> None:
        doing = f" while running {running}" if running else ""
        why = f": {cause.rstrip('.')}" if cause else ""
        super().__init__(
            f"The engine stopped{doing}{why}.",
            hint=f"{_exit_words(exit_code)}. Your file and your edits are safe.",
            details=stderr_tail,
        )
        self.exit_code = exit_code
        self.running = running
        self.cause = cause


def _exit_words(exit_code: int | None) -> str:
    """ "Exit code 134 (SIGABRT)" for a child that a signal ended, as a shell would report it."""
    if exit_code is None or exit_code >= 0:
        return f"Exit code {exit_code}"
    try:
        return f"Exit code {128 - exit_code} ({signal.Signals(-exit_code).name})"
    except ValueError:
        return f"Exit code {128 - exit_code}"


class EngineCancelled(EngineError):
    """The child was stopped because the user cancelled."""

    def __init__(self) -> None:
        super().__init__("Cancelled.")
