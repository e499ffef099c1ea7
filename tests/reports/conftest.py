"""The demo's net and pictures, and commands run as users run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.core.commands.conftest import Answer, command

__all__ = ["Answer", "command"]


@dataclass(frozen=True)
class Demo:
    """The bundled net with its weights, and its gallery of pictures."""

    net: Path
    weights: Path
    pictures: Path

    @property
    def words(self) -> tuple[str, ...]:
        """The options that name the net."""
        return "--net", str(self.net), "--weights", str(self.weights)


@pytest.fixture(scope="session")
def demo(repository: Path) -> Demo:
    folder = repository / "resources" / "demo"
    return Demo(folder / "demo_deploy.prototxt", folder / "demo.caffemodel", folder / "gallery")


@pytest.fixture
def main(repository: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`main("doctor", DISPLAY=":7")` runs the program apart, with more in its environment."""

    def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(repository / "main.py"), *map(str, words)],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
