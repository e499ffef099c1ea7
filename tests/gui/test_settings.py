"""What the window remembers: plain words that run nothing, shared by windows, and hard to lose."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt5.QtCore import QByteArray, QSettings

from core.errors import AppError
from core.leftovers import name_beside
from gui.frame.layout_memory import layout_from_json
from gui.settings import Settings
from gui.settings_store import FORMAT, SettingsStore


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


def variant(value: object) -> str:
    """As Qt's ini files hold a Python object."""
    raw = pickle.dumps(value, 4)
    stream = b"\0\0\0\x7f\0\0\0\x0ePyQt_PyObject\0" + len(raw).to_bytes(4, "big") + raw
    return "@Variant(" + "".join(f"\\x{byte:x}" for byte in stream) + ")"


def test_a_former_file_keeps_its_words_and_runs_nothing(tmp_path: Path) -> None:
    trap = variant(Trap(tmp_path / "was here"))
    (tmp_path / "Blobscope.ini").write_text(
        f"[window]\ntheme={trap}\ngeometry={trap}\n[recent]\nmodels={trap}\n"
        f"images=/a.png, {trap}\n[engine]\ndevice=cuda:1\nname=@Invalid()\n[%General]\nx=1\n"
    )
    settings = Settings(tmp_path / "settings.json")
    assert (settings.theme, settings.geometry, settings.device) == ("system", None, "cuda:1")
    assert (settings.engine, settings.recent("models"), settings.recent("images")) == (
        "torch",
        (),
        (),
    )
    settings.write()
    assert not (tmp_path / "was here").exists()
    QSettings(str(tmp_path / "Blobscope.ini"), QSettings.IniFormat).value("window/theme")
    assert (tmp_path / "was here").exists()  # the trap was a live one


def test_words_that_qt_wrote_are_taken_over_once(tmp_path: Path) -> None:
    former = QSettings(str(tmp_path / "Blobscope.ini"), QSettings.IniFormat)
    words = {
        "engine/caffe_command": 'docker run "a b", c; d=e\\f \t@x',
        "window/theme": "dark",
        "weights/0123456789abcdef01234567": "/nets/ü 画\U0001f600/w.caffemodel",
        "graph/0123456789abcdef01234567": json.dumps({"opened": [["a", 'b"']], "scale": 1.5}),
        "folder/models": "@home",
    }
    for name, word in words.items():
        former.setValue(name, word)
    recent = ["/a b/c, d.prototxt", "/e;f.prototxt", " /g.prototxt"]
    former.setValue("recent/models", recent)
    former.setValue("recent/images", ["/one.png", "/two.png"])
    former.setValue("window/geometry", QByteArray(b"\0\1\2"))
    former.sync()
    settings = Settings(tmp_path / "settings.json")
    assert {name: settings._store.word(name) for name in words} == words
    assert settings.recent("models") == tuple(map(Path, recent))
    assert settings.recent("images") == (Path("/one.png"), Path("/two.png"))
    settings.theme = "light"
    settings.write()
    former.setValue("window/theme", "dark")
    former.sync()
    assert Settings(settings.path).theme == "light"
    assert Settings(settings.path).recent("models") == tuple(map(Path, recent))


def test_two_windows_keep_what_either_changed(tmp_path: Path) -> None:
    one, other = (Settings(tmp_path / "settings.json") for _ in range(2))
    one.theme, other.device = "dark", "cuda:0"
    one.add_recent("models", Path("/1"))
    other.add_recent("models", Path("/2"))
    for settings in (one, other, one):
        settings.write()
    third = Settings(one.path)
    assert (third.theme, third.device) == ("dark", "cuda:0")
    assert third.recent("models") == (Path("/2"), Path("/1"))
    assert other.theme == "dark"


WRITER = """
import sys
from pathlib import Path
from gui.settings import Settings
settings = Settings(Path(sys.argv[1]))
for i in range(20):
    settings.set_folder(f"{sys.argv[2]}{i}", Path("/"))
    settings.write()
"""


def test_programs_that_write_at_once_lose_nothing(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "settings.json"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, name], cwd=repository) for name in "ab"]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    values = json.loads(path.read_text())["values"]
    assert set(values) == {f"folder/{name}{i}" for name in "ab" for i in range(20)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"format": "other"}',
        json.dumps({"format": FORMAT, "values": [1]}).encode(),
        b"\xff\xfe",
        b" " * (5 << 20),
    ],
    ids=["empty", "half", "deep", "other", "list", "no text", "large"],
)
def test_a_damaged_file_is_kept_beside_and_told_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    settings = Settings(path)
    assert settings.theme == "system"
    assert settings.damaged is not None
    assert settings.damaged.read_bytes() == content
    settings.theme = "dark"
    settings.write()
    again = Settings(path)
    assert (again.theme, again.damaged) == ("dark", None)


def test_entries_of_another_type_give_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    values = {
        "window/theme": 3,
        "engine/device": ["a"],
        "window/geometry": "no state!",
        "window/layout": "x" * (1 << 20),
        "recent/models": ["/a", 1],
        "recent/images": [f"/{i}" for i in range(1000)],
        "engine/name": "caffe",
    }
    path.write_text(json.dumps({"format": FORMAT, "values": values}))
    settings = Settings(path)
    assert (settings.theme, settings.device, settings.engine) == ("system", "cpu", "caffe")
    assert (settings.geometry, settings.recent("models")) == (None, ())
    assert layout_from_json(settings.layout) is None
    assert len(settings.recent("images")) == 10
    assert settings.damaged is None


def test_the_file_stays_small_and_what_was_chosen_stays_in_it(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "s.json", {}, ("graph/",))
    store.set_word("window/theme", "dark")
    for number in range(60):
        store.set_word(f"graph/{number}", "x" * 50_000)
    assert not store.set_word("graph/huge", "x" * (1 << 20))
    store.write()
    again = SettingsStore(store.path, {}, ("graph/",))
    assert store.path.stat().st_size < 2 << 20
    assert again.word("window/theme") == "dark"
    assert again.word("graph/59")
    assert not again.word("graph/0")


@pytest.mark.skipif(sys.platform == "win32", reason="names of any bytes are POSIX's")
def test_paths_of_any_bytes_are_remembered(tmp_path: Path) -> None:
    odd = Path("/nets/\udcff\udc80.prototxt")
    settings = Settings(tmp_path / "settings.json")
    settings.add_recent("models", odd)
    settings.set_weights_of(odd, odd)
    settings.write()
    again = Settings(settings.path)
    assert again.recent("models") == (odd,)
    assert again.weights_of(odd) == odd


def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    settings = Settings(tmp_path / "file" / "settings.json")
    settings.theme = "dark"
    with pytest.raises(AppError, match="can't be written"):
        settings.write()
    assert settings.theme == "dark"


def test_a_window_that_dies_has_remembered_and_tells_of_damage(
    make_bench, qtbot, tmp_path: Path
) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{")
    first = make_bench(is_shown=True)
    assert first.notices.has("settings")
    assert "settings.damaged.json" in first.notices.current[0].body
    first.window.actions_["theme_dark"].trigger()
    qtbot.waitUntil(lambda: path.exists() and Settings(path).theme == "dark")
    second = make_bench(is_shown=True)
    assert not second.notices.has("settings")
    first.window.actions_["theme_light"].trigger()


def test_a_start_clears_up_where_the_window_was_before(make_bench, qtbot, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    folders = [tmp_path / "nets", tmp_path / "unsaved"]
    settings.add_recent("models", folders[0] / "a.prototxt")
    settings.add_recent("images", tmp_path / "gone" / "a.png")
    settings.write()
    lefts = [name_beside(folder / "x") for folder in (*folders, tmp_path)]
    for left in lefts:
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"half")
    make_bench(is_shown=True)
    qtbot.waitUntil(lambda: not any(left.exists() for left in lefts))


def test_the_colours_of_tiles_are_remembered(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    assert settings.tile_map == "standard"
    settings.tile_map = "viridis"
    settings.write()
    assert Settings(tmp_path / "settings.json").tile_map == "viridis"
    raw = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    text = json.dumps(raw).replace("viridis", "no such map")
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    assert Settings(tmp_path / "settings.json").tile_map == "standard"
