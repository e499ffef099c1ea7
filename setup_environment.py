"""Makes .venv and installs what Blobscope needs, with the standard library only; see `make setup`.

    python3.11 setup_environment.py [bench]

Pinned by constraints.txt. Quick when nothing has changed. TORCH_INDEX_URL names another package
index to take PyTorch from, for instance its CPU builds.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from core.screen import loads, missing_x_packages

REPOSITORY = Path(__file__).resolve().parent
ENVIRONMENT = REPOSITORY / ".venv"
STAMP = ENVIRONMENT / "blobscope-setup.json"
OLDEST_PYTHON = (3, 11)


class SetupError(Exception):
    """Why the set-up stopped and what to type, in a sentence or two."""


Names = tuple[str, ...]
ALWAYS_NEEDED: dict[str, Names] = {
    "libglib-2.0.so.0": ("libglib2.0-0t64", "libglib2.0-0"),
    "libGL.so.1": ("libgl1",),
    "libfontconfig.so.1": ("libfontconfig1",),
}
"""What Qt loads even without a screen, and its Debian packages, the newest name first."""
FONTS: Names = ("fonts-dejavu-core",)


def main(parts: Sequence[str]) -> int:
    """Set everything up; `parts` are extras of pyproject.toml beside `dev`."""
    try:
        _require_python()
        install_system_libraries()
        install_packages(("dev", *parts))
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"setup: {_typed(error.cmd)} failed; its message is above.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: stopped; run it again to go on.", file=sys.stderr)
        return 130
    return 0


def _require_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Blobscope needs Python 3.11 or newer; this is Python {found}.")


# What the system must have ---------------------------------------------------------------------


def install_system_libraries() -> None:
    """Install the shared libraries and fonts that Qt needs on Linux, or say what to type.

    Raises SetupError where one is missing that nothing works without.
    """
    if not sys.platform.startswith("linux"):
        return
    required = [names for file, names in ALWAYS_NEEDED.items() if not loads(file)]
    if not _environment_python().exists() and not _has_venv():
        required.append((f"python3.{sys.version_info.minor}-venv", "python3-venv"))
    wanted = [] if _has_fonts() else [FONTS]
    if os.environ.get("DISPLAY"):
        wanted += [(package,) for package in missing_x_packages()]
    if not required and not wanted:
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        _install_with_apt([*required, *wanted])
    else:
        _name_missing(required, wanted)


def _name_missing(required: Sequence[Names], wanted: Sequence[Names]) -> None:
    names = " ".join(_apt_name(group) for group in (*required, *wanted))
    if shutil.which("apt-get"):
        line = f"system packages are missing. Type: sudo apt-get install -y {names}"
    else:
        line = f"system packages are missing. Install what Debian calls {names}"
    if required:
        raise SetupError(f"{line}   and run this again.")
    print(f"setup: {line}   (the window needs them, the tests do not).", flush=True)


def _has_venv() -> bool:
    return importlib.util.find_spec("ensurepip") is not None


def _has_fonts() -> bool:
    """Whether any font file lies where fontconfig looks; without one Qt draws no text at all."""
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
    folders += [Path.home() / ".fonts", Path.home() / ".local/share/fonts"]
    endings = {".ttf", ".otf", ".ttc", ".pfb"}
    return any(
        path.suffix.lower() in endings
        for folder in folders
        if folder.is_dir()
        for path in folder.rglob("*")
    )


def _install_with_apt(groups: Sequence[Names]) -> None:
    """Install one package of each group."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet, stdin=subprocess.DEVNULL)
    names = [_apt_name(group) for group in groups]
    print(f"setup: installing system packages: {' '.join(names)}", flush=True)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names],
        check=True,
        env=quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _apt_name(group: Names) -> str:
    """The first name of `group` that this release of Debian or Ubuntu knows."""
    if shutil.which("apt-cache") is None:
        return group[-1]
    for name in group[:-1]:
        shown = subprocess.run(
            ["apt-cache", "show", "--no-all-versions", name], capture_output=True, check=False
        )
        if shown.returncode == 0 and shown.stdout:
            return name
    return group[-1]


# What Python must have -------------------------------------------------------------------------


def install_packages(extras: tuple[str, ...]) -> None:
    """Make .venv and install the project's dependencies with `extras`, unless that is done."""
    wanted = _fingerprint()
    installed = _installed_extras(wanted)
    if installed >= set(extras):
        return
    requirements = _requirements(installed | set(extras))
    _make_environment()
    _install_torch()
    everything = ",".join(sorted(installed | set(extras)))
    print(f"setup: installing the packages of pyproject.toml [{everything}]", flush=True)
    _pip("install", "-qq", "-c", "constraints.txt", *requirements)
    STAMP.write_text(json.dumps({"fingerprint": wanted, "extras": everything.split(",")}))
    print("setup: done.", flush=True)


def _requirements(extras: set[str]) -> list[str]:
    """The ranges of pyproject.toml, for the program and for `extras`."""
    import tomllib  # not before Python's version is known to have it

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    unknown = extras - set(optional)
    if unknown:
        raise SetupError(f"pyproject.toml has no extra named {', '.join(sorted(unknown))}.")
    listed: list[str] = list(project["dependencies"])
    for extra in sorted(extras):
        listed += optional[extra]
    return listed


def _fingerprint() -> str:
    """Changes when a dependency or a pin changes."""
    said = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        said.update((REPOSITORY / name).read_bytes())
    return said.hexdigest()


def _installed_extras(fingerprint: str) -> set[str]:
    """The extras that an earlier run installed for this `fingerprint`."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return set()
    if not _environment_python().exists():
        return set()
    return set(stamp["extras"]) if stamp.get("fingerprint") == fingerprint else set()


def _environment_python() -> Path:
    if os.name == "nt":
        return ENVIRONMENT / "Scripts" / "python.exe"
    return ENVIRONMENT / "bin" / "python"


def _make_environment() -> None:
    if _environment_python().exists():
        return
    if not _has_venv():
        raise SetupError(
            f"this Python ({sys.executable}) comes without venv. "
            "On Debian and Ubuntu: sudo apt-get install -y python3-venv"
        )
    print(f"setup: making .venv with Python {sys.version.split()[0]}", flush=True)
    try:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        raise SetupError(
            "could not make .venv: pip would not install into it. "
            "On Debian and Ubuntu: sudo apt-get install -y python3-venv"
        ) from error


def _install_torch() -> None:
    """Install PyTorch first, so that its size is told before anything is downloaded."""
    if _has_torch():
        return
    request = ["-c", "constraints.txt", "torch", "numpy"]
    index = os.environ.get("TORCH_INDEX_URL")
    if index:
        request += ["--extra-index-url", index]
    elif _brings_cuda(request):
        _tell_about_cuda()
    print("setup: installing PyTorch (the CPU build is about 200 MB)", flush=True)
    _pip("install", "-qq", *request)


def _has_torch() -> bool:
    """Whether .venv has the PyTorch that constraints.txt pins, of whichever build."""
    pins = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = next(line.partition("==")[2] for line in pins if line.startswith("torch=="))
    folders = [*ENVIRONMENT.glob("lib/python3*/site-packages"), ENVIRONMENT / "Lib/site-packages"]
    found = importlib.metadata.distributions(name="torch", path=[str(path) for path in folders])
    return any(one.version.partition("+")[0] == pinned for one in found)


def _brings_cuda(request: Sequence[str]) -> bool:
    """Whether pip would fetch NVIDIA's libraries; asks pip for its plan, downloads no library."""
    if not sys.platform.startswith("linux"):
        return False
    _pip("install", "-qq", "--upgrade", "pip>=24")
    planned = _pip("install", "--quiet", "--dry-run", "--report", "-", *request, capture=True)
    names = [item["metadata"]["name"] for item in json.loads(planned)["install"]]
    return any(name.startswith("nvidia-") for name in names)


def _tell_about_cuda() -> None:
    print("setup: PyTorch comes here with NVIDIA's CUDA libraries: several gigabytes to download.")
    if shutil.which("nvidia-smi") or Path("/proc/driver/nvidia").exists():
        return
    print("setup: no NVIDIA GPU was found, so PyTorch's CPU build (about 200 MB) is enough. Its")
    print("       index address stands on pytorch.org under 'Get started' (pip, CPU). To take it:")
    print("       TORCH_INDEX_URL=<that address> make setup", flush=True)
    if sys.stdin.isatty() and input("Download the gigabytes all the same? [y/N] ") not in (
        "y",
        "Y",
    ):
        raise SetupError("stopped before the download.")


def _pip(*arguments: str, capture: bool = False) -> str:
    command = [str(_environment_python()), "-m", "pip", "--disable-pip-version-check", *arguments]
    answer = subprocess.run(
        command,
        cwd=REPOSITORY,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else None,
        text=True,
    )
    return answer.stdout or ""


def _typed(command: object) -> str:
    return " ".join(map(str, command)) if isinstance(command, list | tuple) else str(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
