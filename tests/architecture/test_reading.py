"""Files are read through core.reading, which bounds them in kind, size and time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ROOMS = {
    "core/reading.py": "it is the way",
    "core/files.py": "writes, under names of its own",
    "core/shared_arrays.py": "maps memory of its own, which no path leads to",
    "core/engines/memory.py": "what the system says of its memory",
    "core/leftovers.py": "looks for its own leftovers, and at the name of the machine",
    "core/surveys/part_files.py": "appends to its own parts; what it reads comes through the way",
    "core/net/schema.py": "the program's own table of fields",
    "core/layers/conformance.py": "the program's own table of types",
    "core/engines/caffe/bundle.py": "the program's own source, for the foreign Python",
    "core/engines/caffe_child": "runs in a foreign Python, which has none of core",
    "core/weights/hdf5.py": "h5py opens by path what open_regular has looked at before",
    "core/weights/solver_state.py": "likewise",
    "core/training/data_layers.py": "h5py opens by path what open_regular has looked at before",
    "core/training/kept_values.py": "maps its own arrays",
    "core/npy_file.py": "zipfile reads what open_regular has mapped",
    "core/images/picture_file.py": "pictures are opened by decoders, which may be killed",
    "core/images/decoding.py": "decodes what that has opened; runs in decoders alone",
    "core/images/jpeg_end.py": "likewise",
    "core/retrieval/folder_reach.py": "asks whether one byte of a picture can be read",
    "core/retrieval/backends/inverted_lists.py": "maps the lists that it writes",
    "core/retrieval/vectors_file.py": "maps a gallery's own vectors",
    "core/retrieval/gallery_database.py": "SQLite opens a gallery's own database",
    "core/retrieval/gallery_origin.py": "a gallery's own note",
    "core/commands/demo_steps.py": "loads what the demo wrote a moment before",
}
READERS = {
    "read_text", "read_bytes", "mmap", "memmap", "open_memmap", "fromfile", "loadtxt", "genfromtxt",
    "scandir", "iterdir", "glob", "rglob",
}  # fmt: skip
FOLDERS = {
    "core/images/finding.py": "lists folders of pictures that were asked for",
    "core/retrieval/gallery_store.py": "looks for what it left behind",
    "core/retrieval/gallery_check.py": "likewise",
    "core/retrieval/kept_galleries.py": "lists the galleries of the user's cache",
    "core/retrieval/cluster/manifest.py": "looks whether a folder of parts holds anything else",
    "core/retrieval/cluster/parts.py": "lists its own parts",
    "core/commands/extract.py": "counts the files that it wrote",
    "core/surveys/feature_files.py": "looks whether a folder is empty, and for its own of before",
    "core/engines/caffe/discovery.py": "lists the folders of Pythons",
}


LOADERS = {"np.load", "json.load", "sqlite3.connect", "Image.open", "zipfile.is_zipfile"}
OPENERS = {"open", "io.open", "os.open", "os.fdopen", "h5py.File", "zipfile.ZipFile"}
MODES = re.compile(r"[rwax][btU+]*")


def readings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls that read a file: what READERS and LOADERS name, and opening but for writing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _reads(node):
            yield node.lineno, ast.unparse(node)


def _reads(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    if last in READERS or name in LOADERS:
        return True
    constants = [a.value for a in (*call.args, *(k.value for k in call.keywords))
                 if isinstance(a, ast.Constant)]  # fmt: skip
    modes = [value for value in constants if isinstance(value, str) and MODES.fullmatch(value)]
    is_writing = any(mode[0] in "wax" for mode in modes) or "O_RDWR" in ast.unparse(call)
    if name in OPENERS:
        return not is_writing and "os.devnull" not in ast.unparse(call)
    # a path's own; engines, dialogs and archives are opened too, with other words
    is_path = bool(modes) or {k.arg for k in call.keywords} & {"encoding", "errors", "newline"}
    return last == "open" and bool(is_path) and not is_writing


def is_in(place: str, rooms: dict[str, str]) -> bool:
    return any(place == room or place.startswith(f"{room}/") for room in rooms)


def test_core_opens_files_for_reading_in_one_place() -> None:
    found = []
    for path in sorted((REPOSITORY / "core").rglob("*.py")):
        place = path.relative_to(REPOSITORY).as_posix()
        if is_in(place, ROOMS):
            continue
        for line, call in readings(ast.parse(path.read_text(encoding="utf-8"))):
            is_listing = any(f"{word}(" in call for word in ("scandir", "iterdir", "glob"))
            if not (is_listing and is_in(place, FOLDERS)):
                found.append(f"{place}:{line}: {call}")
    assert not found


def test_every_room_is_there() -> None:
    assert not [room for room in (*ROOMS, *FOLDERS) if not (REPOSITORY / room).exists()]


def test_the_test_sees_readers() -> None:
    text = """
with path.open("rb") as file: pass
text = path.read_text()
with open(name) as file: pass
values = np.load(path)
with path.open("wb") as file: pass
engine.open(request)
"""
    seen = [line for line, _ in readings(ast.parse(text))]
    assert set(seen) >= {2, 3, 5}
    assert not {6, 7} & set(seen)
