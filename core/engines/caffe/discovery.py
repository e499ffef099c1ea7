"""Finding Pythons of this machine that seem to have caffe, without running any of them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.children import creation_flags
from core.errors import AppError
from core.reading import read_file

MOST_CANDIDATES = 16
CONTAINER_SECONDS = 2.0
"""How long `docker ps` may take; a daemon that is slower is passed over."""

_MOST_LIST_BYTES = 1 << 20
_CONDA_FOLDERS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge")
_CAFFE_FOLDERS = ("caffe", "src/caffe")
_INTERPRETER = re.compile(r"python(\d(\.\d+)?)?(\.exe)?$")
_VERSION = re.compile(r"python(\d)\.(\d+)")
_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*$")


@dataclass(frozen=True)
class Candidate:
    """A command that may start a Python with caffe, and where that was found.

    folder: what has to be on its path, None where it is. is_python_3: None where nobody can tell.
    """

    command: tuple[str, ...]
    place: str
    folder: Path | None = None
    is_python_3: bool | None = None

    @property
    def caffe_command(self) -> tuple[str, ...]:
        """What the caffe engine takes: with the folder on Python's path where it needs one."""
        if self.folder is None:
            return self.command
        return ("env", f"PYTHONPATH={self.folder}", *self.command)

    @property
    def typed(self) -> str:
        """The command as one types it."""
        return shlex.join(self.caffe_command)


@dataclass(frozen=True)
class Machine:
    """Where to look; tests give another one."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=Path.home)
    root: Path = Path("/")

    @property
    def program_folders(self) -> tuple[Path, ...]:
        """The folders of PATH; relative ones, which name the current folder, are left out."""
        entries = self.environment.get("PATH", "").split(os.pathsep)
        return tuple(Path(entry) for entry in entries if Path(entry).is_absolute())

    def program(self, name: str) -> Path | None:
        """A program of PATH."""
        places = (folder / name for folder in self.program_folders)
        return next((place for place in places if _may_run(place)), None)


def find_candidates(machine: Machine | None = None) -> tuple[Candidate, ...]:
    """Pythons beside a caffe package, builds of Caffe with a Python of PATH, and containers.

    Reads folders only; of programs none is run but `docker ps` and `podman ps`.
    """
    here = machine or Machine()
    found = dict.fromkeys([*_builds(here), *_conda(here), *_system(here), *_containers(here)])
    return tuple(found)[:MOST_CANDIDATES]


def has_caffe(folder: Path) -> bool:
    """Whether a folder of Python's path holds pycaffe: the package, or its compiled part beside."""
    package = folder / "caffe"
    try:
        is_package = (package / "__init__.py").is_file() and (
            (package / "pycaffe.py").is_file() or _has_compiled(package)
        )
        return is_package or _has_compiled(folder)
    except OSError:
        return False


def _has_compiled(folder: Path) -> bool:
    return any(path.suffix in (".so", ".pyd", ".dylib") for path in folder.glob("_caffe*"))


def _builds(here: Machine) -> Iterator[Candidate]:
    """A build in its own folder does not say for which Python it is, so each of PATH may be it."""
    if os.name == "nt":
        return  # without `env`, a command can't name a folder for Python's path
    named = here.environment.get("CAFFE_ROOT", "")
    roots = [Path(named)] if named and Path(named).is_absolute() else []
    roots += [here.home / name for name in _CAFFE_FOLDERS]
    roots += [here.root / "opt/caffe", here.root / "usr/local/caffe"]
    for root in roots:
        folder = root / "python"
        if has_caffe(folder):
            for name in ("python3", "python", "python2"):
                program = here.program(name)
                if program is not None:
                    yield Candidate((str(program),), str(root), folder, _is_python_3(program))


def _conda(here: Machine) -> Iterator[Candidate]:
    """Environments by their folders and by conda's own list; conda itself is not run."""
    roots = [here.home / name for name in _CONDA_FOLDERS]
    roots += [here.root / "opt" / name for name in ("conda", *_CONDA_FOLDERS)]
    prefixes = [here.environment.get("CONDA_PREFIX", "")]
    prefixes += _lines(here.home / ".conda" / "environments.txt")
    found = [Path(prefix) for prefix in prefixes if prefix and Path(prefix).is_absolute()]
    for root in roots:
        found += [root, *_subfolders(root / "envs")]
    for prefix in dict.fromkeys(found):
        yield from _with_caffe(prefix, f"conda environment {prefix.name}")


def _system(here: Machine) -> Iterator[Candidate]:
    prefixes = [here.root / "usr", here.root / "usr/local"]
    prefixes += [folder.parent for folder in here.program_folders if folder.name == "bin"]
    for prefix in dict.fromkeys(prefixes):
        yield from _with_caffe(prefix, str(prefix), here.home)


def _with_caffe(prefix: Path, place: str, home: Path | None = None) -> Iterator[Candidate]:
    """The interpreters of a prefix that have caffe on their path, each file once."""
    seen = set()
    for interpreter in _interpreters(prefix):
        real = _resolved(interpreter)
        folder = next(filter(has_caffe, _path_of(interpreter, prefix, home)), None)
        if real in seen or folder is None:
            continue
        seen.add(real)
        # An isolated Python leaves out the user's own packages, so that they have to be named.
        is_users = home is not None and home / ".local" in folder.parents
        yield Candidate(
            (str(interpreter),),
            f"{interpreter.name}, {place}",
            folder if is_users else None,
            _is_python_3(interpreter),
        )


def _interpreters(prefix: Path) -> list[Path]:
    """python3 before python3.11 before python, so that a command outlives an upgrade."""
    folders = (prefix / "bin", prefix) if os.name == "nt" else (prefix / "bin",)
    found = [path for folder in folders for path in _entries(folder)
             if _INTERPRETER.match(path.name) and _may_run(path)]  # fmt: skip
    return sorted(found, key=lambda path: (path.name == "python", len(path.name), path.name))


def _path_of(interpreter: Path, prefix: Path, home: Path | None) -> Iterator[Path]:
    """Where this Python looks for packages: its site folders and what their .pth files add."""
    yield prefix / "Lib" / "site-packages"
    version = _version(interpreter)
    if version is None:
        return
    major, minor = version
    names = [f"python{major}.{minor}", f"python{major}"]
    bases = [prefix / "lib", prefix / "lib64", prefix / "local" / "lib"]
    bases += [home / ".local" / "lib"] if home is not None else []
    for base in bases:
        for name in names:
            for kind in ("site-packages", "dist-packages"):
                folder = base / name / kind
                yield folder
                yield from _added_by_pth(folder)


def _added_by_pth(folder: Path) -> Iterator[Path]:
    for path in _entries(folder):
        if path.suffix == ".pth":
            for line in _lines(path):
                if not line.startswith(("import ", "import\t", "#")):
                    yield folder / line


def _containers(here: Machine) -> Iterator[Candidate]:
    """Running containers whose image or name speaks of Caffe."""
    for name in ("docker", "podman"):
        program = here.program(name)
        if program is None:
            continue
        for container in _running(program, here.environment):
            place = f"container {container}"
            for python in ("python3", "python"):
                yield Candidate((str(program), "exec", "-i", container, python), place)


def _running(program: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Names of containers; none where the daemon is slow, away or closed to this user."""
    try:
        told = subprocess.run(
            [str(program), "ps", "--format", "{{.Names}}\t{{.Image}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CONTAINER_SECONDS,
            check=True,
            env=dict(environment),
            creationflags=creation_flags(),
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return
    for line in told.splitlines()[:MOST_CANDIDATES]:
        name = line.partition("\t")[0].split(",")[0]
        if "caffe" in line.lower() and _CONTAINER_NAME.match(name):
            yield name


def _version(interpreter: Path) -> tuple[int, int] | None:
    """As the names of the file and of what it links to say: python3 -> python3.11."""
    for path in (interpreter, _resolved(interpreter)):
        found = _VERSION.match(path.name)
        if found:
            return int(found[1]), int(found[2])
    return None


def _is_python_3(interpreter: Path) -> bool | None:
    version = _version(interpreter)
    return None if version is None else version[0] >= 3


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return path


def _may_run(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except OSError:
        return False


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _subfolders(folder: Path) -> Iterable[Path]:
    return (path for path in _entries(folder) if path.is_dir())


def _lines(path: Path) -> list[str]:
    try:
        text = read_file(path, _MOST_LIST_BYTES).decode("utf-8", "replace")
    except AppError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]
