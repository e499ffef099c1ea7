"""What the window remembers between runs."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QByteArray

from core.activations.tile_colours import COLOUR_MAPS, ColourMap
from core.files import is_folder
from gui.former_settings import read_former_settings
from gui.settings_store import SettingsStore

_FORMER_NAME = "Blobscope.ini"
_MAX_STATE_CHARACTERS = 64 << 10


def settings_path() -> Path:
    """Where this user's settings are kept."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA", "")
    else:
        base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base else Path.home() / ".config") / "Blobscope" / "settings.json"


class Settings:
    """Typed access to the file; a missing or damaged entry gives the default.

    on_changed: called when there is something to `write`.
    """

    def __init__(self, path: Path | None = None) -> None:
        where = path or settings_path()
        former = read_former_settings(where.with_name(_FORMER_NAME))
        self._store = SettingsStore(where, former, ("graph/", "weights/", "note/"))
        self.on_changed: Callable[[], None] = lambda: None

    @property
    def path(self) -> Path:
        """The file."""
        return self._store.path

    @property
    def damaged(self) -> Path | None:
        """Where a file lies now that could not be read; None where all was well."""
        return self._store.damaged

    @property
    def geometry(self) -> QByteArray | None:
        """Size and place of the window, as QWidget.restoreGeometry checks it."""
        return self._state("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._set_state("window/geometry", value)

    @property
    def layout(self) -> str:
        """Page and sizes inside the window, as JSON; "" where nothing is known."""
        return self._store.word("window/layout", "")

    @layout.setter
    def layout(self, value: str) -> None:
        self._set("window/layout", value)

    @property
    def theme(self) -> str:
        """ "system", "light" or "dark"."""
        choice = self._store.word("window/theme", "system")
        return choice if choice in ("system", "light", "dark") else "system"

    @theme.setter
    def theme(self, value: str) -> None:
        self._set("window/theme", value)

    @property
    def tile_map(self) -> ColourMap:
        """The colours of tiles without negative values."""
        word = self._store.word("tiles/colours")
        return next((name for name in COLOUR_MAPS if name == word), COLOUR_MAPS[0])

    @tile_map.setter
    def tile_map(self, value: ColourMap) -> None:
        self._set("tiles/colours", value)

    @property
    def explaining(self) -> str:
        """The settings of the methods that explain a score, as their fields keep them."""
        return self._store.word("gradients/methods", "")

    @explaining.setter
    def explaining(self, value: str) -> None:
        self._set("gradients/methods", value)

    @property
    def device(self) -> str:
        """Where nets ran last."""
        return self._store.word("engine/device", "cpu")

    @device.setter
    def device(self, value: str) -> None:
        self._set("engine/device", value)

    @property
    def engine(self) -> str:
        """The engine that ran last: "auto" or a name of ENGINE_NAMES."""
        return self._store.word("engine/name", "torch")

    @engine.setter
    def engine(self, value: str) -> None:
        self._set("engine/name", value)

    @property
    def precision(self) -> str:
        """The precision of the PyTorch engine, "float32" where nobody chose another."""
        return self._store.word("engine/precision", "float32")

    @precision.setter
    def precision(self, value: str) -> None:
        self._set("engine/precision", value)

    @property
    def batch(self) -> str:
        """Images that share a pass of a survey, a number or "auto"."""
        return self._store.word("engine/batch", "8")

    @batch.setter
    def batch(self, value: str) -> None:
        self._set("engine/batch", value)

    @property
    def caffe_command(self) -> str:
        """The command that starts a Python with caffe, as typed; "" where none is known."""
        return self._store.word("engine/caffe_command", "")

    @caffe_command.setter
    def caffe_command(self, value: str) -> None:
        self._set("engine/caffe_command", value)

    @property
    def search_server(self) -> str:
        """The address of the Qdrant server that was searched on last; "" for none."""
        return self._store.word("search/server", "")

    @search_server.setter
    def search_server(self, value: str) -> None:
        self._set("search/server", value)

    @property
    def index_cluster(self) -> str:
        """The address of the Ray cluster that read a folder last; "" for none."""
        return self._store.word("index/cluster", "")

    @index_cluster.setter
    def index_cluster(self, value: str) -> None:
        self._set("index/cluster", value)

    @property
    def renames_layers(self) -> bool:
        """Whether a rename calls the layers so too."""
        return self._store.word("rename/layers_too", "no") == "yes"

    @renames_layers.setter
    def renames_layers(self, value: bool) -> None:
        self._set("rename/layers_too", "yes" if value else "no")

    @property
    def follows_files(self) -> bool:
        """Whether files that other programs change are read again."""
        return self._store.word("files/follow", "yes") == "yes"

    @follows_files.setter
    def follows_files(self, value: bool) -> None:
        self._set("files/follow", "yes" if value else "no")

    def recent(self, kind: str) -> tuple[Path, ...]:
        """Files of a kind ("models", "images", "folders") that were open last, newest first."""
        return tuple(Path(name) for name in self._store.words(f"recent/{kind}") if name)

    def add_recent(self, kind: str, path: Path) -> None:
        """Put a file first among those of its kind."""
        if self._store.add_word(f"recent/{kind}", str(path.absolute())):
            self.on_changed()

    def weights_of(self, prototxt: Path) -> Path | None:
        """The weights that were last open with this prototxt."""
        word = self._store.word(f"weights/{_key(prototxt)}")
        return Path(word) if word else None

    def set_weights_of(self, prototxt: Path, weights: Path) -> None:
        """Remember the weights of a prototxt."""
        self._set(f"weights/{_key(prototxt)}", str(weights.absolute()))

    def graph_of(self, prototxt: Path) -> str:
        """How this prototxt's graph was left, as JSON; "" for one not opened before."""
        return self._store.word(f"graph/{_key(prototxt)}")

    def set_graph_of(self, prototxt: Path, json_text: str) -> None:
        """Remember how the graph of a prototxt was left, as JSON."""
        self._set(f"graph/{_key(prototxt)}", json_text)

    def gallery_of(self, folder: Path) -> str:
        """What a folder of images was searched by last, as JSON; "" for one not searched before."""
        return self._store.word(f"gallery/{_key(folder)}")

    def set_gallery_of(self, folder: Path, json_text: str) -> None:
        """Remember what a folder of images is searched by, as JSON."""
        self._set(f"gallery/{_key(folder)}", json_text)

    def note_of(self, path: Path) -> str:
        """How a file or folder was left, as JSON; "" for one not opened before."""
        return self._store.word(f"note/{_key(path)}")

    def set_note_of(self, path: Path, json_text: str) -> None:
        """Remember how a file or folder was left, as JSON."""
        self._set(f"note/{_key(path)}", json_text)

    def folder(self, kind: str) -> Path:
        """Where a file dialog of that kind was last."""
        known = Path(self._store.word(f"folder/{kind}"))
        return known if is_folder(known) else Path.home()

    def set_folder(self, kind: str, folder: Path) -> None:
        """Remember where a file dialog of that kind was."""
        self._set(f"folder/{kind}", str(folder))

    def write(self) -> None:
        """Put everything on the disk now; any thread may. Raises AppError."""
        self._store.write()

    def _set(self, name: str, word: str) -> None:
        if self._store.set_word(name, word):
            self.on_changed()

    def _state(self, name: str) -> QByteArray | None:
        try:
            raw = base64.b64decode(self._store.word(name)[:_MAX_STATE_CHARACTERS], validate=True)
        except ValueError:
            return None
        return QByteArray(raw) if raw else None

    def _set_state(self, name: str, value: QByteArray) -> None:
        self._set(name, base64.b64encode(value.data()).decode("ascii"))


def _key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:24]
