"""The database of a gallery: read wherever it lies, changed as a whole."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.errors import GalleryDamaged, GalleryError
from core.files import sync_file, sync_folder
from core.reading import kind_words

DATABASE_NAME = "gallery.sqlite"
NEW_NAME = f"{DATABASE_NAME}.new"
DAMAGED_NAME = f"{DATABASE_NAME}.damaged"
"""A database made of what could be read of a damaged one, and that one."""
SCHEMA = 2
READABLE = (1, SCHEMA)
"""Galleries of schema 1 lack some tables; the next change gives them these."""
TABLES = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "images": """CREATE TABLE images (
        path TEXT PRIMARY KEY, label TEXT, width INTEGER NOT NULL, height INTEGER NOT NULL,
        bytes INTEGER NOT NULL, changed INTEGER NOT NULL, row INTEGER NOT NULL UNIQUE
    ) WITHOUT ROWID""",
    "problems": """CREATE TABLE problems (
        path TEXT PRIMARY KEY, reason TEXT NOT NULL, bytes INTEGER NOT NULL,
        changed INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "blocks": "CREATE TABLE blocks (number INTEGER PRIMARY KEY, crc INTEGER NOT NULL)",
    "absent": "CREATE TABLE absent (path TEXT PRIMARY KEY) WITHOUT ROWID",
    "representations": """CREATE TABLE representations (
        number INTEGER PRIMARY KEY, layer TEXT NOT NULL, top TEXT NOT NULL, pooling TEXT NOT NULL,
        p REAL NOT NULL, levels INTEGER NOT NULL, relu INTEGER NOT NULL, dimension INTEGER NOT NULL
    )""",
}
_BUSY_SECONDS = 30.0
_MOST_BYTES_OF_A_TEXT = 16 << 20
_JOURNALS = ("-journal", "-wal")
_CANT_LOCK = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PROTOCOL")
"""How the codes begin that SQLite gives for a place where it can neither write nor lock."""


class GalleryDatabase:
    """The SQLite file of a gallery folder; each call opens it for itself, so any thread may call.

    Whoever wrote it may be a stranger: it holds tables alone, no views or triggers, and no text is
    longer than a bound.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / DATABASE_NAME

    @property
    def exists(self) -> bool:
        """Whether the folder holds a gallery, made to the end. Raises GalleryError if damaged."""
        if not self.path.is_file():
            return False
        with self._told(), self._opened_to_read() as db:
            return "meta" in _tables(db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database as of one moment. Raises GalleryError where there is none, or a damaged one.

        Exceptions of a block that takes values for what they are not are damage too.
        """
        if not self.exists:
            raise GalleryError(
                f"There is no gallery in '{self.folder}'.", hint="Index a folder of images first."
            )
        with self._told(), self._opened_to_read() as db:
            yield db

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """The database to be changed: all of the block comes to be, or nothing."""
        with self._told(), closing(self._connected(str(self.path))) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                _tables(db)
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def reading_damaged(self) -> Iterator[sqlite3.Connection]:
        """The database for whoever copies what still reads: nothing checked, texts as bytes."""
        with self._told(), closing(self._connected(str(self.path))) as db:
            db.text_factory = bytes
            db.execute("PRAGMA cell_size_check = ON")
            yield db

    @contextmanager
    def replacing(self) -> Iterator[sqlite3.Connection]:
        """A new database, to be filled; it takes the place of this one, which is kept beside."""
        new, kept = (self.folder / name for name in (NEW_NAME, DAMAGED_NAME))
        with self._told():
            new.unlink(missing_ok=True)
            try:
                with closing(self._connected(str(new))) as db:
                    db.execute("BEGIN IMMEDIATE")
                    add_missing_tables(db)
                    yield db
                    db.execute("COMMIT")
            except BaseException:
                new.unlink(missing_ok=True)
                raise
            shutil.copyfile(self.path, kept)
            sync_file(kept)
            for ending in _JOURNALS:  # that of the old one would be played into the new one
                self.path.with_name(f"{self.path.name}{ending}").unlink(missing_ok=True)
            new.replace(self.path)
            sync_folder(self.folder)

    def damaged(self, error: object) -> GalleryDamaged:
        """The error of a gallery whose files are not as they were written."""
        return GalleryDamaged(self.folder, str(error))

    @contextmanager
    def _opened_to_read(self) -> Iterator[sqlite3.Connection]:
        """A transaction that reads, also on a medium where nothing can be written or locked."""
        with ExitStack() as stack:
            try:
                db = stack.enter_context(closing(self._connected(str(self.path))))
                db.execute("BEGIN")
                _tables(db)
            except sqlite3.OperationalError as error:
                if not _name(error).startswith(_CANT_LOCK):
                    raise
                db = stack.enter_context(closing(self._connected_without_locks(stack)))
                db.execute("BEGIN")
                _tables(db)
            yield db

    def _connected_without_locks(self, stack: ExitStack) -> sqlite3.Connection:
        """A connection that writes nothing; a change that was cut off is undone in a copy."""
        path = self.path
        journals = [path.with_name(f"{path.name}{ending}") for ending in _JOURNALS]
        there = [journal for journal in journals if journal.exists()]
        if there:
            copies = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blobscope-")))
            for file in (path, *there):
                shutil.copyfile(file, copies / file.name)
            return self._connected(str(copies / path.name))
        return self._connected(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1")

    def _connected(self, where: str) -> sqlite3.Connection:
        self._check_kinds()
        is_uri = where.startswith("file:")
        db = sqlite3.connect(where, timeout=_BUSY_SECONDS, isolation_level=None, uri=is_uri)
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES_OF_A_TEXT)
        db.execute("PRAGMA trusted_schema = OFF")
        return db

    def _check_kinds(self) -> None:
        """Raise ValueError for a pipe or the like, for which SQLite would wait for ever.

        Looked at without opening: to close a database's file lets go of SQLite's locks on it.
        """
        for ending in ("", *_JOURNALS, "-shm"):
            path = self.path.with_name(f"{self.path.name}{ending}")
            words = kind_words(path.stat().st_mode) if path.exists() else ""
            if words:
                raise ValueError(f"{path.name} is {words}, not a file")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite, the system and values of another kind say, in a sentence."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._refusal(error) from error
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise self.damaged(error) from error
        except OSError as error:
            raise GalleryError(
                f"The gallery '{self.folder}' can't be written: {error.strerror or error}."
            ) from error

    def _refusal(self, error: sqlite3.Error) -> GalleryError:
        name = _name(error)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            hint = "Another program is changing it: try again when that is done."
        elif name.startswith("SQLITE_FULL"):
            hint = "The disk is full: make room, then index again."
        elif name.startswith("SQLITE_READONLY"):
            return GalleryError(
                f"The gallery '{self.folder}' can't be changed: it lies where nothing can be "
                "written.",
                hint="It can be searched and evaluated there. To index into it, copy it elsewhere.",
            )
        elif name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM", "SQLITE_NOLFS")):
            hint = "Its disk does not answer as it should."
        else:
            return self.damaged(error)
        return GalleryError(f"The gallery '{self.folder}' can't be used: {error}.", hint=hint)


def add_missing_tables(db: sqlite3.Connection) -> None:
    """Make a new database, or one of an earlier schema, one of this schema."""
    there = _tables(db)
    for name, statement in TABLES.items():
        if name not in there:
            db.execute(statement)
    set_meta(db, "schema", SCHEMA)


def get_meta(db: sqlite3.Connection, key: str) -> Any:
    """A value of the meta table; None for one that galleries of earlier formats lack."""
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else json.loads(found[0])


def set_meta(db: sqlite3.Connection, key: str, value: object) -> None:
    """Note a value in the meta table."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))


def _tables(db: sqlite3.Connection) -> set[str]:
    """The names of the tables. Raises ValueError where they are not as Blobscope makes them."""
    found = db.execute("SELECT type, name, ifnull(sql, '') FROM sqlite_master").fetchall()
    for kind, name, sql in found:
        if kind not in ("table", "index") or str(sql).upper().startswith("CREATE VIRTUAL"):
            raise ValueError(f"a gallery has no {kind} '{name}'")
    tables = {name for kind, name, _ in found if kind == "table"}
    for name, columns in _our_columns().items():
        if name in tables and _columns(db, name) != columns:
            raise ValueError(f"the table '{name}' has other columns")
    return tables


@cache
def _our_columns() -> dict[str, tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in TABLES.values():
            db.execute(statement)
        return {name: _columns(db, name) for name in TABLES}


def _columns(db: sqlite3.Connection, table: str) -> tuple[str, ...]:
    return tuple(
        str(name) for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))
    )


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))
