"""Choosing files: the one place that opens file dialogs, so that tests can answer for the user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtWidgets import QFileDialog, QWidget

from core.images.formats import image_suffixes

OnPaths = Callable[[tuple[Path, ...]], None]
OnPath = Callable[[Path], None]

MODEL_FILTER = (
    "Models (*.prototxt *.prototxt.txt *.pt *.pbtxt *.caffemodel *.h5 *.hdf5 *.blobscope);;"
    "All files (*)"
)
WEIGHTS_FILTER = "Weights (*.caffemodel *.h5 *.hdf5);;All files (*)"
IMAGE_FILTER = f"Images ({' '.join(f'*{s}' for s in sorted(image_suffixes()))});;All files (*)"
PROTOTXT_FILTER = "Prototxt (*.prototxt);;All files (*)"
SESSION_FILTER = "Blobscope session (*.blobscope)"
LABELS_FILTER = "Tables and lists (*.csv *.tsv *.txt *.lst);;All files (*)"
JSON_FILTER = "JSON (*.json);;All files (*)"
DESCRIPTORS_FILTER = "NumPy archive (*.npz);;HDF5 (*.h5 *.hdf5);;NumPy array (*.npy);;Table (*.csv)"
FEATURES_FILTER = "NumPy archive (*.npz);;HDF5 (*.h5 *.hdf5);;Folder of .npy files (*)"


class FileChooser:
    """Opens the system's file dialogs over a window and answers later, without a nested loop."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def open_files(self, title: str, folder: Path, filters: str, on_chosen: OnPaths) -> None:
        """One or more existing files."""
        dialog = QFileDialog(self._parent, title, str(folder), filters)
        dialog.setFileMode(QFileDialog.ExistingFiles)
        dialog.filesSelected.connect(lambda names: on_chosen(tuple(Path(n) for n in names)))
        self._open(dialog)

    def open_folder(self, title: str, folder: Path, on_chosen: OnPath) -> None:
        """An existing folder."""
        dialog = QFileDialog(self._parent, title, str(folder))
        dialog.setFileMode(QFileDialog.Directory)
        dialog.setOption(QFileDialog.ShowDirsOnly)
        dialog.accepted.connect(lambda: on_chosen(_chosen(dialog)))
        self._open(dialog)

    def save_file(self, title: str, path: Path, filters: str, on_chosen: OnPath) -> None:
        """A file to write; the dialog asks before an existing one is replaced.

        filters: with several, the suffix of the chosen one is added to a name without a suffix.
        """
        dialog = QFileDialog(self._parent, title, str(path.parent), filters)
        dialog.setAcceptMode(QFileDialog.AcceptSave)
        dialog.selectFile(path.name)
        if path.suffix:
            dialog.setDefaultSuffix(path.suffix[1:])
        dialog.filterSelected.connect(lambda text: _take_suffix(dialog, text))
        dialog.accepted.connect(lambda: on_chosen(_chosen(dialog)))
        self._open(dialog)

    @staticmethod
    def _open(dialog: QFileDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _chosen(dialog: QFileDialog) -> Path:
    """The one path that was chosen.

    Of a typed one Qt's own dialog reports its folder too, and then emits no `fileSelected`.
    """
    return Path(max(dialog.selectedFiles(), key=len))


def _take_suffix(dialog: QFileDialog, filter_text: str) -> None:
    """Name the file as the chosen format wants it."""
    suffix = filter_text.rpartition("(*.")[2].partition(")")[0].partition(" ")[0]
    if not suffix.isalnum():  # "All files (*)"
        return
    dialog.setDefaultSuffix(suffix)
    chosen = dialog.selectedFiles()
    if chosen and Path(chosen[0]).suffix:
        dialog.selectFile(Path(chosen[0]).with_suffix(f".{suffix}").name)
