"""What the window remembers between runs, in one ini file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from PyQt5.QtCore import QByteArray, QSettings

N_RECENT = 10


class Settings:
    """Typed access to the ini file; a missing or damaged entry gives the default."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._store = QSettings(
                QSettings.IniFormat, QSettings.UserScope, "Blobscope", "Blobscope"
            )
        else:
            self._store = QSettings(str(path), QSettings.IniFormat)

    @property
    def path(self) -> Path:
        """The ini file."""
        return Path(self._store.fileName())

    @property
    def geometry(self) -> QByteArray | None:
        """Size and place of the window."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def docks(self) -> QByteArray | None:
        """Sizes of the docks."""
        return self._bytes("window/docks")

    @docks.setter
    def docks(self, value: QByteArray) -> None:
        self._store.setValue("window/docks", value)

    @property
    def compare_geometry(self) -> QByteArray | None:
        """Size and place of the comparison window."""
        return self._bytes("compare/geometry")

    @compare_geometry.setter
    def compare_geometry(self, value: QByteArray) -> None:
        self._store.setValue("compare/geometry", value)

    @property
    def theme(self) -> str:
        """ "system", "light" or "dark"."""
        choice = self._word("window/theme", "system")
        return choice if choice in ("system", "light", "dark") else "system"

    @theme.setter
    def theme(self, value: str) -> None:
        self._store.setValue("window/theme", value)

    @property
    def device(self) -> str:
        """Where nets ran last."""
        return self._word("engine/device", "cpu")

    @device.setter
    def device(self, value: str) -> None:
        self._store.setValue("engine/device", value)

    @property
    def engine(self) -> str:
        """The engine that ran last: "torch" or "caffe"."""
        return self._word("engine/name", "torch")

    @engine.setter
    def engine(self, value: str) -> None:
        self._store.setValue("engine/name", value)

    @property
    def precision(self) -> str:
        """The precision of the PyTorch engine: "float32" or "bfloat16"."""
        return self._word("engine/precision", "float32")

    @precision.setter
    def precision(self, value: str) -> None:
        self._store.setValue("engine/precision", value)

    @property
    def caffe_command(self) -> str:
        """The command that starts a Python with caffe, as typed; "" where none is known."""
        return self._word("engine/caffe_command", "")

    @caffe_command.setter
    def caffe_command(self, value: str) -> None:
        self._store.setValue("engine/caffe_command", value)

    @property
    def renames_layers(self) -> bool:
        """Whether a rename calls the layers so too."""
        return self._word("rename/layers_too", "no") == "yes"

    @renames_layers.setter
    def renames_layers(self, value: bool) -> None:
        self._store.setValue("rename/layers_too", "yes" if value else "no")

    def recent(self, kind: str) -> tuple[Path, ...]:
        """Files of a kind ("models", "images", "folders") that were open last, newest first."""
        stored = self._store.value(f"recent/{kind}", [])
        names = [stored] if isinstance(stored, str) else list(stored or [])
        return tuple(Path(name) for name in names if isinstance(name, str) and name)

    def add_recent(self, kind: str, path: Path) -> None:
        """Put a file first among those of its kind."""
        newest = path.absolute()
        others = [p for p in self.recent(kind) if p != newest]
        kept = [str(p) for p in (newest, *others)][:N_RECENT]
        self._store.setValue(f"recent/{kind}", kept)

    def weights_of(self, prototxt: Path) -> Path | None:
        """The weights that were last open with this prototxt."""
        word = self._word(f"weights/{_key(prototxt)}", "")
        return Path(word) if word else None

    def set_weights_of(self, prototxt: Path, weights: Path) -> None:
        """Remember the weights of a prototxt."""
        self._store.setValue(f"weights/{_key(prototxt)}", str(weights.absolute()))

    def graph_of(self, prototxt: Path) -> str:
        """How this prototxt's graph was left, as JSON; "" for one not opened before."""
        return self._word(f"graph/{_key(prototxt)}", "")

    def set_graph_of(self, prototxt: Path, json_text: str) -> None:
        """Remember how the graph of a prototxt was left, as JSON."""
        self._store.setValue(f"graph/{_key(prototxt)}", json_text)

    def folder(self, kind: str) -> Path:
        """Where a file dialog of that kind was last."""
        known = Path(self._word(f"folder/{kind}", ""))
        return known if known.is_dir() else Path.home()

    def set_folder(self, kind: str, folder: Path) -> None:
        """Remember where a file dialog of that kind was."""
        self._store.setValue(f"folder/{kind}", str(folder))

    def write(self) -> None:
        """Put everything on the disk now."""
        self._store.sync()

    def _word(self, name: str, default: str) -> str:
        value = self._store.value(name, default)
        return value if isinstance(value, str) else default

    def _bytes(self, name: str) -> QByteArray | None:
        value = self._store.value(name)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None


def _key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:24]
