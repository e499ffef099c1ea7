"""A session: which files were open, the edits of the prototxt, and where the user looked.

One JSON file. It is untrusted: it names files to open and holds text, and nothing in it is run;
so it knows no engine command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from core import __version__
from core.errors import AppError, ImageError
from core.files import write_file
from core.images.box import Box
from core.interventions.intervention import Intervention, images_of, with_images
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE
from core.net.text import MAX_FILE_BYTES
from core.net.text_edits import TextEdit, apply_edits
from core.stored_path import StoredPath
from core.typed_json import as_type, load_json

SUFFIX = ".blobscope"
FORMAT, VERSION = "Blobscope session", 1
MAX_SESSION_BYTES = 2 * MAX_FILE_BYTES
FOLDERS = "folders"
"""Labels by the folders of the images."""
_MOST_PINS = 100
_AT_MOST_A_THOUSAND = msgspec.Meta(max_length=1000)
_LONGEST_WORD = 1000
_Word = Annotated[str, msgspec.Meta(max_length=_LONGEST_WORD)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class SessionError(AppError):
    """A session file that can't be read."""


@dataclass(frozen=True)
class EditStep:
    """One step of the undo stack; `changes_values` as for a fix of a wrong rewiring."""

    title: str
    edits: tuple[TextEdit, ...]
    changes_values: bool = False


@dataclass(frozen=True)
class Search:
    """The gallery's folder, the representation it was searched by, and what was shown of it.

    query: the image that was asked for; None for none; box: the part of it. truth: "folders", or
    the table of labels. view: the retrieval page's, in its own words. after: what follows pooling,
    fit_on: the images that its fits are made on, None for what is found by itself. benchmark: whose
    rule judges, "" for labels; ground_truth: the file or folder of it. steps: what is done beside
    exact search, as `parse_search` reads it. copies: in how many bits of 63 at most what is left
    out differs, None for nothing. map: the method of the map, in the page's words.
    """

    folder: Path
    layer: str
    top: str
    pooling: str
    p: float = 3.0
    query: Path | None = None
    truth: str | Path = FOLDERS
    view: str = ""
    box: Box | None = None
    after: str = "l2"
    fit_on: Path | None = None
    benchmark: str = ""
    ground_truth: Path | None = None
    steps: str = ""
    copies: int | None = None
    map: str = ""

    @property
    def named_benchmark(self) -> str:
        """As `read_benchmark` has it; "" for labels."""
        if self.ground_truth is None or not self.benchmark:
            return self.benchmark
        return f"{self.benchmark}:{self.ground_truth}"


class KeptPin(NamedTuple):
    """A pinned channel: the layer, which of its tops, and the channel's number."""

    layer: str
    top_index: int
    channel: int


@dataclass(frozen=True)
class Shown:
    """How the pages showed the net: the channel that was looked at, pins, columns that were away.

    columns_away: in the table's own words; None in sessions of before, which say nothing of it.
    interventions: each with whether it acts. fields: what the fields of the pages said, by the
    window's names for them.
    """

    channel: int | None = None
    pins: tuple[KeptPin, ...] = ()
    columns_away: tuple[str, ...] | None = None
    interventions: tuple[tuple[Intervention, bool], ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """Everything needed to go on where the user stopped.

    base_text: the prototxt as it was opened; the first `n_done` steps lead to the text as it is,
    the others are those that redo brings back. graph: how the window showed the graph, in words
    of its own. training: the folder of a fine-tuning, with its split, files and runs.
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
    shown: Shown = Shown()
    saved_at: datetime | None = None
    training: Path | None = None

    @property
    def text(self) -> str:
        """The text as it is, every done step made. Raises RenameError where a step does not fit."""
        text = self.base_text
        for step in self.steps[: self.n_done]:
            text = apply_edits(text, step.edits)
        return text


class _StoredSearch(msgspec.Struct, frozen=True):
    folder: StoredPath
    layer: str
    top: str
    pooling: str
    p: float
    query: StoredPath | None = None
    table: StoredPath | None = None
    view: Annotated[str, msgspec.Meta(max_length=100)] = ""
    box: tuple[float, float, float, float] | None = None
    after: Annotated[str, msgspec.Meta(max_length=100)] = "l2"
    fit_on: StoredPath | None = None
    benchmark: Annotated[str, msgspec.Meta(max_length=100)] = ""
    ground_truth: StoredPath | None = None
    steps: Annotated[str, msgspec.Meta(max_length=400)] = ""
    copies: Annotated[int, msgspec.Meta(ge=0, le=63)] | None = None
    map: Annotated[str, msgspec.Meta(max_length=100)] = ""


class _StoredPin(msgspec.Struct, frozen=True, array_like=True):
    layer: str
    top_index: _Number
    channel: _Number


class _StoredShown(msgspec.Struct, frozen=True):
    channel: _Number | None = None
    pins: Annotated[tuple[_StoredPin, ...], msgspec.Meta(max_length=_MOST_PINS)] = ()
    columns_away: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] | None = None
    interventions: Annotated[tuple[tuple[Intervention, bool], ...], _AT_MOST_A_THOUSAND] = ()
    images_put: Annotated[dict[str, StoredPath], _AT_MOST_A_THOUSAND] = {}
    fields: Annotated[dict[str, _Word], _AT_MOST_A_THOUSAND] = {}


class _StoredStep(msgspec.Struct, frozen=True):
    title: str
    changes_values: bool
    edits: tuple[tuple[int, int, str, str], ...]


class _Header(msgspec.Struct, frozen=True):
    format: str
    version: int


class _Record(msgspec.Struct, frozen=True):
    """The file as JSON; what sessions of before lack has a default."""

    prototxt: StoredPath
    base_sha256: str
    base_text: str
    steps: tuple[_StoredStep, ...]
    n_done: int
    weights: StoredPath | None
    image: StoredPath | None
    state: NetState
    selection: str
    graph: str
    recipe: dict[str, Any] | None
    search: _StoredSearch | None
    saved_at: str
    shown: _StoredShown = _StoredShown()
    training: StoredPath | None = None
    format: str = FORMAT
    version: int = VERSION
    made_by: str = f"Blobscope {__version__}"


def write_session(path: Path, session: Session) -> None:
    """Write a session; AppError when the disk refuses."""
    record = msgspec.to_builtins(_record(session, path.absolute().parent))
    write_file(path, json.dumps(record).encode("utf-8"))


def read_session(path: Path) -> Session:
    """Read a session file.

    Raises SessionError when it is none, is damaged, or comes from a newer Blobscope.
    """
    try:
        document = load_json(path, MAX_SESSION_BYTES)
        header = as_type(document, _Header, path.name)
        if header.format != FORMAT:
            raise SessionError(f"{path.name} is no Blobscope session.")
        if header.version != VERSION:
            raise SessionError(
                f"{path.name} has version {header.version}; this Blobscope reads version "
                f"{VERSION}.",
                hint="Open it with the Blobscope that wrote it.",
            )
        record = as_type(document, _Record, path.name)
    except SessionError:
        raise
    except AppError as error:
        raise SessionError(error.sentence, hint=error.hint, details=error.details) from error
    return _checked(_session(record, path.absolute().parent), record, path.name)


def _record(session: Session, folder: Path) -> _Record:
    search = session.search
    return _Record(
        prototxt=StoredPath.of(session.prototxt, folder),
        base_sha256=_sha256(session.base_text),
        base_text=session.base_text,
        steps=tuple(_stored_step(step) for step in session.steps),
        n_done=session.n_done,
        weights=None if session.weights is None else StoredPath.of(session.weights, folder),
        image=None if session.image is None else StoredPath.of(session.image, folder),
        state=session.state,
        selection=session.selection,
        graph=session.graph,
        recipe=None if session.recipe is None else dict(session.recipe),
        search=None if search is None else _stored_search(search, folder),
        shown=_StoredShown(
            session.shown.channel,
            tuple(_StoredPin(*pin) for pin in session.shown.pins[-_MOST_PINS:]),
            session.shown.columns_away,
            session.shown.interventions[-1000:],
            images_of((one for one, _ in session.shown.interventions[-1000:]), folder),
            {name: word[:_LONGEST_WORD] for name, word in session.shown.fields.items()},
        ),
        training=None if session.training is None else StoredPath.of(session.training, folder),
        saved_at=(session.saved_at or datetime.now(UTC)).isoformat(timespec="seconds"),
    )


def _stored_search(search: Search, folder: Path) -> _StoredSearch:
    table = search.truth if isinstance(search.truth, Path) else None
    return _StoredSearch(
        StoredPath.of(search.folder, folder),
        search.layer,
        search.top,
        search.pooling,
        search.p,
        None if search.query is None else StoredPath.of(search.query, folder),
        None if table is None else StoredPath.of(table, folder),
        search.view,
        None if search.box is None else astuple(search.box),
        search.after,
        None if search.fit_on is None else StoredPath.of(search.fit_on, folder),
        search.benchmark,
        None if search.ground_truth is None else StoredPath.of(search.ground_truth, folder),
        search.steps,
        search.copies,
        search.map,
    )


def _found_interventions(
    shown: _StoredShown, folder: Path
) -> tuple[tuple[Intervention, bool], ...]:
    """With the images that are put where they lie now."""
    listed = with_images((one for one, _ in shown.interventions), shown.images_put, folder)
    return tuple(zip(listed, (acts for _, acts in shown.interventions), strict=True))


def _found_search(search: _StoredSearch, folder: Path) -> Search:
    return Search(
        search.folder.found(folder),
        search.layer,
        search.top,
        search.pooling,
        search.p,
        None if search.query is None else search.query.found(folder),
        FOLDERS if search.table is None else search.table.found(folder),
        search.view,
        _box(search.box),
        search.after,
        None if search.fit_on is None else search.fit_on.found(folder),
        search.benchmark,
        None if search.ground_truth is None else search.ground_truth.found(folder),
        search.steps,
        search.copies,
        search.map,
    )


def _box(corners: tuple[float, float, float, float] | None) -> Box | None:
    """What was searched with; all of the picture where that is no box."""
    try:
        return None if corners is None else Box(*corners)
    except ImageError:
        return None


def _stored_step(step: EditStep) -> _StoredStep:
    edits = tuple((edit.start, edit.end, edit.old, edit.new) for edit in step.edits)
    return _StoredStep(step.title, step.changes_values, edits)


def _session(record: _Record, folder: Path) -> Session:
    search = record.search
    steps = tuple(
        EditStep(step.title, tuple(TextEdit(*edit) for edit in step.edits), step.changes_values)
        for step in record.steps
    )
    return Session(
        prototxt=record.prototxt.found(folder),
        base_text=record.base_text,
        steps=steps,
        n_done=min(max(0, record.n_done), len(steps)),
        weights=None if record.weights is None else record.weights.found(folder),
        image=None if record.image is None else record.image.found(folder),
        state=record.state,
        selection=record.selection,
        graph=record.graph,
        recipe=record.recipe,
        search=None if search is None else _found_search(search, folder),
        shown=Shown(
            record.shown.channel,
            tuple(KeptPin(p.layer, p.top_index, p.channel) for p in record.shown.pins),
            record.shown.columns_away,
            _found_interventions(record.shown, folder),
            record.shown.fields,
        ),
        saved_at=_time(record.saved_at),
        training=None if record.training is None else record.training.found(folder),
    )


def _checked(session: Session, record: _Record, name: str) -> Session:
    """SessionError for a session whose parts do not fit one another."""
    try:
        is_as_written = _sha256(session.base_text) == record.base_sha256
    except UnicodeEncodeError:  # half of a surrogate pair
        is_as_written = False
    if not is_as_written:
        raise SessionError(f"{name} is damaged: its text is not the one it was.")
    try:
        _ = session.text
    except AppError as error:
        raise SessionError(f"{name} is damaged: an edit does not fit its text.") from error
    return session


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
