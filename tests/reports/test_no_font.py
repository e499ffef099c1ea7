"""A machine without fonts, on which a window opens without a single letter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import main as entry
from core import screen

NO_FONTS = '<?xml version="1.0"?><fontconfig><cachedir>{folder}</cachedir></fontconfig>'
TYPE_THIS = "sudo apt-get install -y fonts-dejavu-core"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks fontconfig")


def counted(repository: Path, **environment: str) -> str:
    """What a program apart says, since fontconfig reads its configuration once."""
    code = "from core.screen import why_no_text; print(why_no_text())"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.strip()


def test_no_font_is_told_from_some(repository: Path, tmp_path: Path) -> None:
    """reports/no_font: Qt's list of families is never empty, so it can't be asked."""
    if screen._count_fonts() is None:
        pytest.skip("no fontconfig on this machine")
    configuration = tmp_path / "fonts.conf"
    configuration.write_text(NO_FONTS.format(folder=tmp_path))
    said = counted(repository, FONTCONFIG_FILE=str(configuration))
    assert said.startswith("No font is installed")
    assert said.endswith(TYPE_THIS)
    if screen._count_fonts():
        assert counted(repository) == "None"


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "_count_fonts", lambda: 0)
    monkeypatch.setattr(screen, "why_no_screen", lambda: None)


@pytest.mark.parametrize("words", [[], ["--demo"]], ids=["alone", "demo"])
def test_the_window_says_what_to_install(
    no_fonts: None, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(words) == 1
    assert TYPE_THIS in capsys.readouterr().err


def test_the_doctor_says_what_to_install(
    command, no_fonts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.commands.doctor.why_no_screen", lambda: None)
    monkeypatch.setattr("core.commands.doctor.available_engines", lambda command: ())
    monkeypatch.setattr("core.commands.doctor.find_caffes", lambda: iter_nothing())
    said = command("doctor").out
    assert "Window: No font is installed" in said
    assert TYPE_THIS in said


def iter_nothing():  # type: ignore[no-untyped-def]
    """A job without steps that finds nothing."""
    yield from ()
    return ()
