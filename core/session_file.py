"""A session: which files were open, the edits of the prototxt, and where the user looked.

One JSON file. It is untrusted: it names files to open and holds text, and nothing in it is run;
so it knows no engine command.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import __version__
from core.errors import AppError
from core.files import write_file
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE
from core.net.text import MAX_FILE_BYTES
from core.net.text_edits import TextEdit, apply_edits
from core.session_values import Entry, SessionError

SUFFIX = ".blobscope"
FORMAT, VERSION = "Blobscope session", 1
MAX_SESSION_BYTES = 2 * MAX_FILE_BYTES


@dataclass(frozen=True)
class EditStep:
    """One step of the undo stack; `changes_values` as for a fix of a wrong rewiring."""

    title: str
    edits: tuple[TextEdit, ...]
    changes_values: bool = False


@dataclass(frozen=True)
class Search:
    """The gallery's folder and the representation it was searched by."""

    folder: Path
    layer: str
    top: str
    pooling: str
    p: float = 3.0


@dataclass(frozen=True)
class Session:
    """Everything needed to go on where the user stopped.

    base_text: the prototxt as it was opened; the first `n_done` steps lead to the text as it is,
    the others are those that redo brings back. graph: how the window showed the graph, in words
    of its own.
    """

    prototxt: Path
    base_text: str = field(repr=False)
    steps: tuple[EditStep, ...] = ()
    n_done: int = 0
    weights: Path | None = None
    image: Path | None = None
    state: NetState = DEFAULT_STATE
    selection: str = ""
    graph: str = ""
    recipe: Mapping[str, Any] | None = None
    search: Search | None = None
    saved_at: datetime | None = None

    @property
    def text(self) -> str:
        """The text as it is, every done step made. Raises RenameError where a step does not fit."""
        text = self.base_text
        for step in self.steps[: self.n_done]:
            text = apply_edits(text, step.edits)
        return text


def write_session(path: Path, session: Session) -> None:
    """Write a session; AppError when the disk refuses."""
    record = _record(session, path.absolute().parent)
    write_file(path, json.dumps(record, indent=1).encode("utf-8"))


def read_session(path: Path) -> Session:
    """Read a session file.

    Raises SessionError when it is none, is damaged, or comes from a newer Blobscope.
    """
    entry = Entry(_load(path), path.name)
    if entry.word("format") != FORMAT:
        raise SessionError(f"{path.name} is no Blobscope session.")
    version = entry.integer("version")
    if version != VERSION:
        raise SessionError(
            f"{path.name} has version {version}; this Blobscope reads version {VERSION}.",
            hint="Open it with the Blobscope that wrote it.",
        )
    return _checked(_session(entry, path.absolute().parent), entry)


def _load(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_SESSION_BYTES:
            raise SessionError(f"{path.name} is too large for a session.")
        return json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise SessionError(f"Can't open {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise SessionError(f"{path.name} is no Blobscope session.", details=str(error)) from error


def _record(session: Session, folder: Path) -> dict[str, Any]:
    search = session.search
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_by": f"Blobscope {__version__}",
        "saved_at": (session.saved_at or datetime.now(UTC)).isoformat(timespec="seconds"),
        "prototxt": _stored(session.prototxt, folder),
        "base_sha256": _sha256(session.base_text),
        "base_text": session.base_text,
        "steps": [_step_record(step) for step in session.steps],
        "n_done": session.n_done,
        "weights": session.weights and _stored(session.weights, folder),
        "image": session.image and _stored(session.image, folder),
        "state": {
            "phase": session.state.phase,
            "level": session.state.level,
            "stages": list(session.state.stages),
        },
        "selection": session.selection,
        "graph": session.graph,
        "recipe": None if session.recipe is None else dict(session.recipe),
        "search": None
        if search is None
        else {
            "folder": _stored(search.folder, folder),
            "layer": search.layer,
            "top": search.top,
            "pooling": search.pooling,
            "p": search.p,
        },
    }


def _step_record(step: EditStep) -> dict[str, Any]:
    return {
        "title": step.title,
        "changes_values": step.changes_values,
        "edits": [[edit.start, edit.end, edit.old, edit.new] for edit in step.edits],
    }


def _session(entry: Entry, folder: Path) -> Session:
    state = entry.entry("state")
    search = entry.optional_entry("search")
    steps = tuple(_step(step) for step in entry.entries("steps"))
    return Session(
        prototxt=_found(entry.entry("prototxt"), folder),
        base_text=entry.word("base_text"),
        steps=steps,
        n_done=min(max(0, entry.integer("n_done")), len(steps)),
        weights=_optional_path(entry, "weights", folder),
        image=_optional_path(entry, "image", folder),
        state=NetState(state.word("phase"), state.integer("level"), state.words("stages")),
        selection=entry.word("selection"),
        graph=entry.word("graph"),
        recipe=None if (recipe := entry.optional_entry("recipe")) is None else recipe.values,
        search=None if search is None else _search(search, folder),
        saved_at=_time(entry.word("saved_at")),
    )


def _checked(session: Session, entry: Entry) -> Session:
    """SessionError for a session whose parts do not fit one another."""
    try:
        is_as_written = _sha256(session.base_text) == entry.word("base_sha256")
    except UnicodeEncodeError:  # half of a surrogate pair
        is_as_written = False
    if not is_as_written:
        raise SessionError(f"{entry.file_name} is damaged: its text is not the one it was.")
    try:
        _ = session.text
    except AppError as error:
        raise SessionError(
            f"{entry.file_name} is damaged: an edit does not fit its text."
        ) from error
    return session


def _step(entry: Entry) -> EditStep:
    edits = []
    for row in entry.rows("edits", (int, int, str, str)):
        edits.append(TextEdit(*row))
    return EditStep(entry.word("title"), tuple(edits), entry.boolean("changes_values"))


def _search(entry: Entry, folder: Path) -> Search:
    return Search(
        _found(entry.entry("folder"), folder),
        entry.word("layer"),
        entry.word("top"),
        entry.word("pooling"),
        entry.number("p"),
    )


def _stored(path: Path, folder: Path) -> dict[str, str]:
    """A path twice: as it is, and as seen from the session, which may move along with the files."""
    absolute = path.absolute()
    try:
        relative = Path(os.path.relpath(absolute, folder)).as_posix()
    except ValueError:  # another drive of Windows
        relative = ""
    return {"path": str(absolute), "beside": relative}


def _found(entry: Entry, folder: Path) -> Path:
    relative, absolute = entry.word("beside"), Path(entry.word("path"))
    beside = folder / relative
    return beside.absolute() if relative and beside.exists() else absolute


def _optional_path(entry: Entry, name: str, folder: Path) -> Path | None:
    stored = entry.optional_entry(name)
    return None if stored is None else _found(stored, folder)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
