"""Whether there is a screen, told without Qt."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from core import screen

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks for X servers")


def test_a_listening_x_server_is_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1] - 6000
        if number < 0:
            pytest.skip("the system gave a port below X's own")
        monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        monkeypatch.setenv("DISPLAY", f"127.0.0.1:{number}.0")
        monkeypatch.setattr(screen, "_X_LIBRARIES", {})
        assert screen.why_no_screen() is None


def test_missing_libraries_are_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(screen, "_answers", lambda display: True)
    monkeypatch.setattr(screen, "_X_LIBRARIES", {"libnosuch.so.9": "libnosuch9"})
    said = screen.why_no_screen()
    assert said is not None
    assert said.endswith("sudo apt-get install -y libnosuch9")
