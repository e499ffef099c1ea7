"""Session files: what they keep, and what a damaged or foreign one gives."""

from __future__ import annotations

import errno
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from core.engines.values import Value
from core.errors import AppError
from core.interventions.intervention import (
    Intervention,
    read_interventions,
    write_interventions,
)
from core.net.definition import NetState
from core.net.reader import read_net
from core.net.rename import plan_rename
from core.session_file import (
    EditStep,
    KeptPin,
    Search,
    Session,
    SessionError,
    Shown,
    read_session,
    write_session,
)

NET = """layer { name: "data" type: "Input" top: "data" }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7" } # größer
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8" }
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """One rename done, its undo at hand, everything else filled in."""
    folder = tmp_path / "work"
    (folder / "gallery").mkdir(parents=True)
    for name in ("net.prototxt", "net.caffemodel", "photo.jpg"):
        (folder / name).write_text(NET)
    plan = plan_rename(read_net(NET), ["relu7"])
    step = EditStep("Rename relu7's blob", plan.edits)
    return Session(
        prototxt=folder / "net.prototxt",
        base_text=NET,
        steps=(step,),
        n_done=1,
        weights=folder / "net.caffemodel",
        image=folder / "photo.jpg",
        state=NetState("TRAIN", 2, ("a", "b")),
        selection="relu7",
        graph='{"direction": "LR"}',
        recipe={"size_policy": "warp", "width": 224},
        search=Search(
            folder / "gallery",
            "fc7",
            "fc7",
            "gem",
            3.0,
            query=folder / "photo.jpg",
            truth=folder / "net.prototxt",
            view="layers",
        ),
        shown=Shown(7, (KeptPin("relu7", 0, 445), KeptPin("fc8", 0, 0)), ("MEMORY",)),
    )


def test_a_session_comes_back_as_it_was(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "work" / "mine.blobscope"
    write_session(path, session)
    found = read_session(path)
    assert found.saved_at is not None
    for name in vars(session):
        if name != "saved_at":
            assert getattr(found, name) == getattr(session, name), name
    assert 'top: "fc7_relu7"' in found.text
    assert found.text.count("fc7_relu7") == 2


def test_a_session_of_before_says_nothing_of_what_it_did_not_keep(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "work" / "mine.blobscope"
    write_session(path, session)
    document = json.loads(path.read_text())
    del document["shown"]
    for name in ("query", "table", "view"):
        del document["search"][name]
    path.write_text(json.dumps(document))
    found = read_session(path)
    assert found.shown == Shown(None, (), None)
    assert found.search == Search(tmp_path / "work" / "gallery", "fc7", "fc7", "gem", 3.0)
    assert found.selection == session.selection


def test_a_session_that_moves_with_its_files_finds_them(session: Session, tmp_path: Path) -> None:
    write_session(tmp_path / "work" / "mine.blobscope", session)
    shutil.move(tmp_path / "work", tmp_path / "elsewhere")
    found = read_session(tmp_path / "elsewhere" / "mine.blobscope")
    assert found.prototxt == tmp_path / "elsewhere" / "net.prototxt"
    assert found.weights == tmp_path / "elsewhere" / "net.caffemodel"


def test_an_image_put_in_the_net_is_found_where_the_folder_went(
    session: Session, tmp_path: Path
) -> None:
    put = Intervention(Value("fc7", "fc7"), "image", image=str(tmp_path / "work" / "photo.jpg"))
    off = Intervention(Value("fc7", "fc7"), "off", (3,))
    shown = Shown(interventions=((put, True), (off, False)))
    write_session(tmp_path / "work" / "mine.blobscope", replace(session, shown=shown))
    write_interventions(tmp_path / "work" / "list.json", (put, off))
    moved = tmp_path / "elsewhere"
    shutil.move(tmp_path / "work", moved)
    found = read_session(moved / "mine.blobscope").shown.interventions
    listed = read_interventions(moved / "list.json")
    here = msgspec.structs.replace(put, image=str(moved / "photo.jpg"))
    assert found == ((here, True), (off, False))
    assert listed == (here, off)


def test_a_session_put_elsewhere_alone_still_knows_its_files(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    write_session(tmp_path / "work" / "mine.blobscope", session)
    shutil.move(tmp_path / "work" / "mine.blobscope", tmp_path / "far" / "away")
    found = read_session(tmp_path / "far" / "away" / "mine.blobscope")
    assert found.prototxt == session.prototxt


def test_steps_that_were_taken_back_are_kept_for_redo(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "s.blobscope"
    write_session(path, Session(session.prototxt, NET, session.steps, n_done=0))
    found = read_session(path)
    assert found.text == NET
    assert found.steps == session.steps


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "something"}, "no Blobscope session"),
        ({"version": 2}, "reads version 1"),
        ({"base_text": NET + "#"}, "its text is not the one it was"),
        ({"base_text": "\ud800"}, "its text is not the one it was"),
        ({"steps": [{"title": "x", "changes_values": False, "edits": [[0, 9, "no", "yes"]]}]},
         "an edit does not fit its text"),
        ({"steps": [{"title": "x", "changes_values": False, "edits": [[-5, 2, "la", "b"]]}]},
         "an edit does not fit its text"),
        ({"steps": "all"}, "steps: expected array, got str"),
        ({"shown": {"channel": -1}}, "shown.channel"),
        ({"shown": {"pins": [["relu7", 0, 1 << 40]]}}, "shown.pins"),
        ({"shown": {"pins": [["relu7", 0, 1]] * 101}}, "shown.pins"),
        ({"shown": {"columns_away": "all"}}, "shown.columns_away"),
        ({"steps": [{"title": "x", "changes_values": True, "edits": [[0, 1]]}]},
         "edits.*expected array of length 4, got 2"),
        ({"selection": 3}, "selection: expected str, got int"),
        ({"prototxt": None}, "prototxt: expected object, got null"),
        ({"n_done": 1.5}, "n_done: expected int, got float"),
        ({"search": {"folder": {"path": "/", "beside": ""}, "layer": "a", "top": "a",
                     "pooling": "gem", "p": 1e999}}, "Infinity is no number"),
    ],
)  # fmt: skip
def test_a_damaged_session_is_refused_in_words(
    session: Session, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    path = tmp_path / "mine.blobscope"
    write_session(path, session)
    record = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps(record))
    with pytest.raises(SessionError) as raised:
        read_session(path)
    assert re.search(sentence, f"{raised.value.sentence} {raised.value.details}")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1, 2]", b"{" * 100_000, b"null"])
def test_a_file_that_is_no_session_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.blobscope"
    path.write_bytes(content)
    with pytest.raises(SessionError):
        read_session(path)


def test_a_session_that_can_not_be_written_leaves_the_old_one(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    path = tmp_path / "mine.blobscope"
    path.write_text("old")
    with pytest.raises(AppError, match="can't be written"):
        write_session(path, session)
    assert path.read_text() == "old"


def test_a_path_beside_the_session_is_short(tmp_path: Path) -> None:
    """ "…/unsaved/../../../m/net.prototxt" was shown for a restored net."""
    net = tmp_path / "m" / "net.prototxt"
    net.parent.mkdir()
    net.write_text("")
    (tmp_path / "state" / "unsaved").mkdir(parents=True)
    path = tmp_path / "state" / "unsaved" / "one.blobscope"
    write_session(path, Session(net, 'name: "x"'))
    assert read_session(path).prototxt == net
