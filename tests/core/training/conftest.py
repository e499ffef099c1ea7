"""The fixture that runs commands."""

from tests.core.commands.conftest import command

__all__ = ["command"]
