"""Real Caffe for the tests: found when it is complete, and a sentence where it can't be made."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.real_caffe import provision


def test_only_a_complete_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provision, "_is_root", lambda: True)
    monkeypatch.setattr(sys, "platform", "linux")
    assert provision.provisioned_command(tmp_path) == ()
    (tmp_path / provision.READY).touch()
    command = ("chroot", str(tmp_path), "python3")
    assert provision.provisioned_command(tmp_path) == command
    assert provision.provision(tmp_path) == command
    monkeypatch.setattr(provision, "_is_root", lambda: False)
    assert provision.provisioned_command(tmp_path) == ()


def test_the_cache_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert provision.default_folder() == tmp_path / "blobscope" / "caffe-bullseye"


@pytest.mark.parametrize(
    ("platform", "is_root", "sentence"),
    [
        ("darwin", True, "needs Linux"),
        ("linux", False, "needs root"),
        ("linux", True, "debootstrap is missing"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    platform: str,
    is_root: bool,
    sentence: str,
) -> None:
    monkeypatch.setattr(provision, "_is_root", lambda: is_root)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provision.main([str(tmp_path / "caffe")]) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="runs a shell script")
def test_a_debootstrap_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    tool = tools / "debootstrap"
    tool.write_text("#!/bin/sh\necho 'E: no such mirror'\nexit 1\n", encoding="ascii")
    tool.chmod(0o755)
    monkeypatch.setattr(provision, "_is_root", lambda: True)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    assert provision.main([str(tmp_path / "cache" / "caffe")]) == 1
    assert "E: no such mirror" in capsys.readouterr().err
    assert list((tmp_path / "cache").iterdir()) == []
