"""`doctor`: what runs here, and what does not and why."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from core.engines.base import EngineSpec
from core.engines.launch import split_command
from core.engines.registry import try_engine
from core.engines.torch.backend import FAST_PATHS


def test_the_doctor_names_them(command) -> None:
    status = try_engine(EngineSpec("torch", options=(("threads", "1"),)))
    assert [path.name for path in status.fast_paths] == list(FAST_PATHS)
    found = command("doctor", "--json").json["engines"][0]["fast_paths"]
    assert [path["name"] for path in found] == list(FAST_PATHS)
    printed = command("doctor").out
    for path in status.fast_paths:
        assert f"fast path {path.sentence}\n" in printed


def test_the_doctor_finds_a_caffe_and_says_how_to_use_it(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "my build" / "python" / "caffe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = '1.2.3'\n")
    (package / "pycaffe.py").write_text("")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (programs / "python3").chmod(0o755)
    monkeypatch.setenv("CAFFE_ROOT", str(tmp_path / "my build"))
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    found = [one for one in command("doctor", "--json").json["caffes"] if one["caffe"] == "1.2.3"]
    assert len(found) == 1
    assert found[0]["gpus"] == []
    assert shlex.split(found[0]["command"]) == [
        "env", f"PYTHONPATH={tmp_path / 'my build' / 'python'}", str(programs / "python3"),
    ]  # fmt: skip
    said = f"Found: {found[0]['sentence']}\n  --caffe-python "
    (word,) = shlex.split(command("doctor").out.partition(said)[2].splitlines()[0])
    status = try_engine(EngineSpec("caffe", split_command(word)))
    assert "caffe 1.2.3" in status.sentence
