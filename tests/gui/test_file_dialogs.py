"""Qt's own file dialogs, typed into as without a mouse."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QFileDialog, QLineEdit, QWidget

from gui.dialogs.files import FileChooser

# The offscreen platform says so of what completes the words that are typed.
pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing the keyboard)")


@pytest.fixture
def over(qtbot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of folders that begin alike, which is the current one, as in the report."""
    for name in ("ten", "tent", "x1", "with blanks"):
        (tmp_path / "w" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def typed(over: QWidget, qtbot, text: str) -> None:
    dialog = over.findChild(QFileDialog)
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    field.setFocus()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key_Return)


@pytest.mark.parametrize("name", ["ten", "tent", "x1", "with blanks"])
@pytest.mark.parametrize("ending", ["", "/"])
def test_a_folder_is_typed(over: QWidget, qtbot, folders: Path, name: str, ending: str) -> None:
    """reports/typed_folder_does_nothing: the folder that stands in the field is opened."""
    chosen: list[Path] = []
    FileChooser(over).open_folder("Choose a folder of images", folders, chosen.append)
    typed(over, qtbot, f"{folders / name}{ending}")
    qtbot.waitUntil(lambda: over.findChild(QFileDialog) is None)
    assert chosen == [folders / name]


def test_of_two_paths_that_qt_reports_the_typed_one_is_taken(
    over: QWidget, qtbot, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Qt says on a real screen: the folder of the typed one first, and no `fileSelected`."""
    chosen: list[Path] = []
    FileChooser(over).open_folder("Choose a folder of images", folders, chosen.append)
    both = [str(folders), str(folders / "ten")]
    monkeypatch.setattr(QFileDialog, "selectedFiles", lambda dialog: both)
    over.findChild(QFileDialog).accepted.emit()
    assert chosen == [folders / "ten"]
    over.findChild(QFileDialog).reject()


def test_a_file_to_write_is_typed(over: QWidget, qtbot, folders: Path) -> None:
    chosen: list[Path] = []
    start = folders / "a.prototxt"
    FileChooser(over).save_file("Save", start, "Prototxt (*.prototxt)", chosen.append)
    dialog = over.findChild(QFileDialog)
    dialog.findChild(QLineEdit, "fileNameEdit").clear()
    typed(over, qtbot, str(folders / "ten" / "b"))
    qtbot.waitUntil(lambda: over.findChild(QFileDialog) is None)
    assert chosen == [folders / "ten" / "b.prototxt"]
