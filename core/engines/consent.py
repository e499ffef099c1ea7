"""What the Python layers of a net would run, and the user's agreement to just that.

An agreement is a fingerprint of content: of what each Python layer calls (module, class and
param_str) and of every file that importing those modules runs. So a file that was written anew or
another file of that name is asked for again, wherever the net lies. The rest of the net's text is
left out on purpose: it can't choose which program runs, and each rename would ask again. What the
programs import or read in turn is beyond any fingerprint, and the user is told so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.errors import EngineError
from core.words import bytes_text

BEYOND_CONSENT = "What these files import or read in turn can't be told beforehand."
_DIGITS_OF_HASH = 12


@dataclass(frozen=True)
class ProgramFile:
    """A module that a Python layer's import runs, where the Python with Caffe finds it.

    kind: "source"; "compiled", without its source; "folder", a package without code; "loaded", of
    what Caffe's Python has imported before; "built-in"; "unreadable", no regular file or too
    large; "missing". sha256: "" where there is no file to read. changed: seconds since 1970.
    """

    module: str
    kind: Literal["source", "compiled", "folder", "loaded", "built-in", "unreadable", "missing"]
    path: str = ""
    sha256: str = ""
    n_bytes: int = 0
    changed: float = 0.0

    @property
    def sentence(self) -> str:
        """ "mine: /home/me/mine.py, 120 B, changed 2026-11-29 15:01, SHA-256 0123456789ab…"."""
        return f"{self.module}: {self._place}"

    @property
    def _place(self) -> str:
        if self.kind == "missing":
            return "found nowhere on the path of Caffe's Python"
        if self.kind == "built-in":
            return "built into Caffe's Python"
        if self.kind == "folder" or not self.sha256:
            return f"{self.path or 'no file'} ({self.kind})"
        changed = datetime.fromtimestamp(self.changed).strftime("%Y-%m-%d %H:%M")
        notes = {"compiled": ", without its source", "loaded": ", which Caffe's Python has loaded"}
        size = bytes_text(self.n_bytes)
        return (
            f"{self.path}, {size}, changed {changed}, "
            f"SHA-256 {self.sha256[:_DIGITS_OF_HASH]}…{notes.get(self.kind, '')}"
        )


@dataclass(frozen=True)
class PythonPrograms:
    """What the Python layers of a net would run.

    calls: module, class and param_str of each layer, in net order.
    """

    calls: tuple[tuple[str, str, str], ...]
    files: tuple[ProgramFile, ...]

    @property
    def fingerprint(self) -> str:
        """Of the content; where a file lies counts too, when it was written does not."""
        content = [[f.module, f.kind, f.path, f.sha256] for f in self.files]
        text = json.dumps([self.calls, content])
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def of_layers(self, calls: Sequence[tuple[str, str, str]]) -> PythonPrograms:
        """What some of the layers run."""
        beginnings = [f"{module}." for module, _, _ in calls]
        files = (f for f in self.files if any(b.startswith(f"{f.module}.") for b in beginnings))
        return PythonPrograms(tuple(calls), tuple(files))

    @property
    def sentences(self) -> tuple[str, ...]:
        """A line for each file."""
        return tuple(file.sentence for file in self.files)


Agree = Callable[[PythonPrograms], bool]
"""Whether the user lets programs run; may be called from any thread."""


def agree_to_nothing(_programs: PythonPrograms) -> bool:
    """Where nobody can be asked."""
    return False


class PythonLayersRefused(EngineError):
    """The net has Python layers, which run programs; nothing runs before the user agrees.

    layers: (layer name, "module.Class") pairs. programs: what they would run.
    """

    def __init__(
        self, layers: Sequence[tuple[str, str]], programs: PythonPrograms | None = None
    ) -> None:
        named = ", ".join(f"{name} ({program})" for name, program in layers[:8])
        more = f" and {len(layers) - 8} more" if len(layers) > 8 else ""
        count = "a Python layer" if len(layers) == 1 else f"{len(layers)} Python layers"
        whose = "its" if len(layers) == 1 else "their"
        files = "".join(f"\n  {line}" for line in (programs.sentences if programs else ()))
        super().__init__(
            f"This net has {count}, and running the net runs {whose} code: {named}{more}.",
            hint=f"If you trust that code, agree to it: --allow-python-layers.{files}",
        )
        self.layers = tuple(layers)
        self.programs = programs
