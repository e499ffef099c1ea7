"""What this Python is and what its Caffe can run on.

Valid from Python 2.7 on; types stand in comments.
"""

import os
import platform
import subprocess
import sys
import time

import numpy as np

MAX_GPUS = 16
PROBE_SECONDS = 20.0


def describe(caffe):
    # type: (Any) -> Dict[str, Any]
    """Interpreter, versions, layer types and devices."""
    return {
        "python": platform.python_version(),
        "executable": sys.executable or "",
        "pid": os.getpid(),
        "numpy": str(np.__version__),
        "caffe": str(getattr(caffe, "__version__", "of unknown version")),
        "machine": platform.machine(),
        "layer_types": _layer_types(caffe),
        "gpus": _gpus(caffe),
    }


def _layer_types(caffe):
    # type: (Any) -> Optional[List[str]]
    """None for a Caffe that can't tell."""
    ask = getattr(caffe, "layer_type_list", None)
    return None if ask is None else sorted(str(name) for name in ask())


def _gpus(caffe):
    # type: (Any) -> List[Dict[str, Any]]
    """Each GPU that this Caffe accepts, by number."""
    if not hasattr(os, "fork") or not hasattr(caffe, "set_device"):
        return []
    found = []
    while len(found) < MAX_GPUS and _accepts(caffe, len(found)):
        found.append({"index": len(found), "name": "GPU %d" % len(found), "memory_bytes": None})
    if found:
        _name_gpus(found)
    return found


def _accepts(caffe, index):
    # type: (Any, int) -> bool
    """Ask for a GPU in a process to throw away: a Caffe without GPU aborts when asked."""
    child = os.fork()
    if not child:
        _try_gpu(caffe, index)
    deadline = time.time() + PROBE_SECONDS
    while time.time() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def _try_gpu(caffe, index):
    # type: (Any, int) -> None
    """Ends this process: with 0 where the GPU can be used."""
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        _make_no_core_file()
        caffe.set_device(index)
        caffe.set_mode_gpu()
        os._exit(0)
    finally:
        os._exit(1)


def _make_no_core_file():
    # type: () -> None
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _name_gpus(found):
    # type: (List[Dict[str, Any]]) -> None
    """Names and memory as nvidia-smi tells them, where it is there and counts as many."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        with open(os.devnull, "rb") as nothing:
            told = subprocess.check_output(command, stdin=nothing, stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError):
        return
    rows = [line.rsplit(",", 1) for line in told.decode("utf-8", "replace").splitlines()]
    rows = [row for row in rows if len(row) == 2 and row[1].strip().isdigit()]
    if len(rows) == len(found):
        for gpu, (name, mebibytes) in zip(found, rows):
            gpu["name"] = name.strip()
            gpu["memory_bytes"] = int(mebibytes) * 1024 * 1024


MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional  # noqa: F401 - for the type comments
