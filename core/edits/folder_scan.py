"""Files beside a prototxt that name its blobs and layers: Python code, solvers, other prototxts.

Files are only read, a bounded number of them up to a bounded size, in one folder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.errors import AppError
from core.files import is_plain_file
from core.net.definition import Net
from core.net.reader import read_net
from core.net.rename_plan import PlanWarning, RenamePlan, TextPlace
from core.net.rename_warnings import with_warnings
from core.reading import names_in, read_file
from core.words import plural

MOST_FILES = 200
MOST_FILE_BYTES = 1024 * 1024
MOST_PLACES = 50
_MOST_LINE = 200
_STRING = re.compile(r"""(["'])((?:(?!\1)[^\\\n]){1,200})\1""")
_COPY = re.compile(r"_(renamed|fixed)(_\d+)?\.prototxt$")
_TWIN_SHARE = 0.8
_ANY_NET = frozenset(["", "deploy", "train", "val", "trainval", "test", "net", "model", "solver"])
"""Words of file names that tell one file of a net from another of its files, not nets."""
_NET_FIELD = re.compile(r"""\b(net|train_net|test_net)\s*:\s*["']([^"'\n]+)["']""")


@dataclass(frozen=True)
class FolderScan:
    """Which names stand where in the folder of a prototxt.

    python, prototxts: name -> places; solvers: lines that name the prototxt's file.
    is_complete: False where the folder has more than was read. prototxt_name: the file's own name.
    """

    folder: Path
    python: Mapping[str, tuple[TextPlace, ...]]
    prototxts: Mapping[str, tuple[TextPlace, ...]]
    solvers: tuple[TextPlace, ...] = ()
    is_complete: bool = True
    prototxt_name: str = ""


def scan_folder(prototxt: Path) -> FolderScan:
    """Read the .py and .prototxt files beside `prototxt`; what can't be read is passed over."""
    files, is_complete = _files(prototxt)
    python: dict[str, list[TextPlace]] = {}
    prototxts: dict[str, list[TextPlace]] = {}
    solvers: list[TextPlace] = []
    for path in files:
        found = python if path.suffix == ".py" else prototxts
        for place in _lines(path):
            for name in {match.group(2) for match in _STRING.finditer(place.text)}:
                places = found.setdefault(name, [])
                if len(places) < MOST_PLACES:
                    places.append(place)
            if path.suffix != ".py" and _names_file(place.text, prototxt.name):
                solvers.append(place)
    return FolderScan(
        prototxt.parent,
        {name: tuple(places) for name, places in python.items()},
        {name: tuple(places) for name, places in prototxts.items()},
        tuple(solvers[:MOST_PLACES]),
        is_complete,
        prototxt.name,
    )


def with_folder_warnings(plan: RenamePlan, scan: FolderScan) -> RenamePlan:
    """The plan with what Python code, solvers and other prototxts of the folder make of it."""
    return with_warnings(plan, *_python_warnings(plan, scan), *_prototxt_warnings(plan, scan))


def reading_sentence(scan: FolderScan, blob: str) -> str | None:
    """One sentence about the Python code that reads this blob by name; None when none does."""
    places = scan.python.get(blob, ())
    if not places:
        return None
    first = places[0]
    more = f" and {plural(len(places) - 1, 'more line')}" if len(places) > 1 else ""
    return f"{first.path.name}, line {first.line}{more}, has the name '{blob}'."


def _python_warnings(plan: RenamePlan, scan: FolderScan) -> Iterator[PlanWarning]:
    writers = _Writers(plan)
    for old, layers in _old_names(plan).items():
        sentence = reading_sentence(scan, old)
        if sentence:
            then = (
                writers.what_becomes_of(old)
                if layers
                else f"No layer is called {old} after this edit."
            )
            yield PlanWarning("python", f"{sentence} {then}", layers, scan.python[old])


class _Writers:
    """The last writer of each blob, before and after an edit; read when first asked for."""

    def __init__(self, plan: RenamePlan) -> None:
        self._plan = plan

    def what_becomes_of(self, blob: str) -> str:
        """Whose value the old name holds after a forward pass of the edited net."""
        before, after = self._before.get(blob), self._after.get(blob)
        if after is None:
            return f"No blob is called {blob} after this edit."
        if after == before:
            return f"Blob {blob} still holds what {after} computes."
        return f"After this edit blob {blob} holds what {after} computes, not what {before} does."

    @cached_property
    def _before(self) -> dict[str, str]:
        return _last_writers(read_net(self._plan.old_text))

    @cached_property
    def _after(self) -> dict[str, str]:
        return _last_writers(read_net(self._plan.new_text))


def _last_writers(net: Net) -> dict[str, str]:
    return {version.blob: version.layer for version in net.versions}


def _prototxt_warnings(plan: RenamePlan, scan: FolderScan) -> Iterator[PlanWarning]:
    names = _old_names(plan)
    twins = _twins(plan, scan)
    places = [
        place
        for name in names
        for place in scan.prototxts.get(name, ())
        if place.path.name in twins
    ]
    files = tuple(dict.fromkeys(place.path.name for place in places))
    if files:
        one = len(files) == 1
        yield PlanWarning(
            "prototxt",
            f"{_some(files)} in this folder {'is' if one else 'are'} of the same net and "
            f"keep{'s' * one} the old names.",
            (),
            tuple(places[:MOST_PLACES]),
        )
    if scan.solvers:
        solvers = tuple(dict.fromkeys(place.path.name for place in scan.solvers))
        yield PlanWarning(
            "prototxt",
            f"{_some(solvers)} names the file as it was opened; a copy under another name is not "
            "trained by it.",
            (),
            scan.solvers,
        )


def _twins(plan: RenamePlan, scan: FolderScan) -> set[str]:
    """Files of the same net: nearly all of its names, under a file name that does not say another.

    Every descendant of AlexNet has a conv1 and an fc6, and some have all of its names; copies that
    a rename wrote are meant to differ.
    """
    wanted = {match.group(2) for match in _STRING.finditer(plan.old_text)}
    n_found = Counter(
        file
        for name in wanted
        for file in {place.path.name for place in scan.prototxts.get(name, ())}
    )
    own = _net_words(scan.prototxt_name)
    return {
        file
        for file, n in n_found.items()
        if n >= _TWIN_SHARE * len(wanted)
        and not _COPY.search(file)
        and (not own or not _net_words(file) or own == _net_words(file))
    }


def _net_words(file_name: str) -> frozenset[str]:
    """What a file's name says of its net: "alexnet" of alexnet_deploy.prototxt."""
    words = re.split(r"[^a-z0-9]+", file_name.lower().removesuffix(".prototxt"))
    return frozenset(words) - _ANY_NET


def _old_names(plan: RenamePlan) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for rename in plan.renames:
        names.setdefault(rename.old_blob, []).append(rename.layer)
    for layer in plan.layer_renames:
        names.setdefault(layer.old_name, [])
    return {name: tuple(layers) for name, layers in names.items()}


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return f"{', '.join(listed[:3])}{more}"


def _names_file(line: str, file_name: str) -> bool:
    return any(
        match.group(2).replace("\\", "/").rpartition("/")[2] == file_name
        for match in _NET_FIELD.finditer(line.partition("#")[0])
    )


def _files(prototxt: Path) -> tuple[list[Path], bool]:
    beside = [
        prototxt.parent / name
        for name in names_in(prototxt.parent)
        if name.endswith((".py", ".prototxt")) and name != prototxt.name
    ]
    kept = [path for path in beside if _is_readable(path)]
    return kept[:MOST_FILES], len(kept) <= MOST_FILES and len(kept) == len(beside)


def _is_readable(path: Path) -> bool:
    try:
        return is_plain_file(path) and path.stat().st_size <= MOST_FILE_BYTES
    except OSError:
        return False


def _lines(path: Path) -> Iterator[TextPlace]:
    try:
        text = read_file(path, MOST_FILE_BYTES).decode("utf-8", "replace")
    except AppError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if '"' in line or "'" in line:
            yield TextPlace(path, number, line.strip()[:_MOST_LINE])
