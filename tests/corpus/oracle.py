"""Asking real Caffe how it reads, upgrades, filters and builds prototxts."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("caffe_child.py")


def task(content: bytes, *steps: str, **more: Any) -> dict[str, Any]:
    """One question; `caffe_child.py` says what `steps` and `more` may be."""
    return {"text": base64.b64encode(content).decode("ascii"), "steps": list(steps), **more}


def ask(command: Sequence[str], tasks: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The answers in order, from one child of a Python command that imports caffe."""
    source = _CHILD.read_text(encoding="utf-8")
    with subprocess.Popen(
        [*command, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the child has no pipes")
        for one in tasks:
            child.stdin.write(json.dumps(one) + "\n")
            child.stdin.flush()
            line = child.stdout.readline()
            if not line:
                raise RuntimeError("real Caffe's child ended early")
            yield json.loads(line)
        child.stdin.close()
