"""Real Caffe for the tests: Debian 11 with python3-caffe in a folder of the user's cache.

    python3 tests/real_caffe/provision.py [FOLDER]

Prints the command that starts its Python, the value of BLOBSCOPE_CAFFE_PYTHON; the tests find the
default folder by themselves. Does nothing when the folder is complete. Needs Linux, root (chroot),
debootstrap, about 1 GB and a mirror of Debian, which is debootstrap's own or the one that this
machine's apt uses. The standard library only.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE = "bullseye"
PACKAGES = "python3-caffe"
READY = "blobscope-ready"
"""A file in the folder that is written last, when Caffe has been imported there."""
TIMEOUT_SECONDS = 900


class ProvisionError(Exception):
    """Real Caffe can't be had here; the sentence says why and what to do."""


def default_folder() -> Path:
    """Outside the repository, so that fresh clones share it."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "blobscope" / f"caffe-{SUITE}"


def provisioned_command(folder: Path | None = None) -> tuple[str, ...]:
    """The command that starts the provisioned Python, () when there is none or it can't run."""
    folder = folder or default_folder()
    if not (folder / READY).exists() or not _is_root():
        return ()
    return ("chroot", str(folder), "python3")


def provision(folder: Path) -> tuple[str, ...]:
    """Make the folder unless it is complete, and return the command; ProvisionError says why not.

    It is made beside and then renamed, so that a broken run leaves nothing half made.
    """
    if not sys.platform.startswith("linux"):
        raise ProvisionError("Real Caffe is made from Debian packages, which needs Linux.")
    if not _is_root():
        raise ProvisionError("chroot needs root: run this with sudo.")
    if not (folder / READY).exists():
        _make(folder)
    return provisioned_command(folder)


def _make(folder: Path) -> None:
    tool = shutil.which("debootstrap")
    if tool is None:
        raise ProvisionError("debootstrap is missing: install it (apt-get install debootstrap).")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    made = beside / "root"
    try:
        _bootstrap(tool, made)
        _try_caffe(made)
        (made / READY).write_text(f"{SUITE} {PACKAGES}\n", encoding="ascii")
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    finally:
        _unmount_below(beside)
        shutil.rmtree(beside, ignore_errors=True)


def _unmount_below(folder: Path) -> None:
    """What a debootstrap that broke off has left, before anything there is deleted."""
    rows = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    mounted = [row.split()[1] for row in rows if row.split()[1].startswith(f"{folder}/")]
    for point in reversed(mounted):
        subprocess.run(["umount", "--lazy", point], check=False)


def _bootstrap(tool: str, folder: Path) -> None:
    command = [tool, "--variant=minbase", f"--include={PACKAGES}", SUITE, str(folder), *_mirror()]
    environment = {**os.environ, **_proxy()}
    try:
        made = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProvisionError(
            f"debootstrap took over {TIMEOUT_SECONDS} s: is the mirror reachable?"
        ) from error
    if made.returncode:
        last = "\n".join(made.stdout.splitlines()[-5:])
        raise ProvisionError(f"debootstrap failed (exit code {made.returncode}):\n{last}")


def _mirror() -> list[str]:
    """The mirror of Debian that apt uses here; none named means debootstrap's own."""
    sources = Path("/etc/apt")
    files = [sources / "sources.list", *sorted(sources.glob("sources.list.d/*"))]
    texts = [path.read_text("utf-8", "replace") for path in files if path.is_file()]
    found = re.findall(
        r"^(?:deb|URIs:)\s[^#\n]*?(https?://\S+/debian)/?(?:\s|$)", "\n".join(texts), re.M
    )
    return found[:1]


def _proxy() -> dict[str, str]:
    """apt's proxy, which debootstrap does not know of."""
    tool = shutil.which("apt-config")
    if tool is None or "http_proxy" in os.environ:
        return {}
    asked = [tool, "shell", "PROXY", "Acquire::http::Proxy"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    found = re.match(r"PROXY='(https?://[^']+)'", told)
    return {"http_proxy": found[1]} if found else {}


def _try_caffe(folder: Path) -> None:
    command = ["chroot", str(folder), "python3", "-c", "import caffe; caffe.Net"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode:
        raise ProvisionError(f"Caffe is installed but does not import:\n{tried.stderr[-2000:]}")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def main(arguments: list[str]) -> int:
    """Print the command, or say on standard error why there is none."""
    folder = Path(arguments[0]).absolute() if arguments else default_folder()
    try:
        command = provision(folder)
    except ProvisionError as error:
        print(f"No real Caffe: {error}", file=sys.stderr)
        return 1
    print(shlex.join(command))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
