"""Every job has two fronts, a command and a controller, and neither does the work of a job."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FRONTS = {"core/commands": "command", "gui/controllers": "controller"}
ONE_FRONT: dict[str, str] = {
    "ImportPartsRequest": "the window takes the parts of its own index, which is another request",
    "TopImagesRequest": "the window takes top images from what it keeps of a layer's channels",
}
"""Requests that one front alone fills, and why."""
WORK = (
    "core.engines.fidelity",
    "core.engines.verification",
    "core.images.recipe_choice",
    "core.net.rename",
    "core.retrieval.evaluation",
    "core.retrieval.search",
    "core.weights.binding",
)
"""What these modules do is for jobs; fronts may have their values and types."""


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of everything a file imports by `from`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def requests() -> list[tuple[str, str]]:
    """(module, class) of every request of core.jobs."""
    found = []
    for path in sorted((REPOSITORY / "core" / "jobs").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = (node.name for node in tree.body if isinstance(node, ast.ClassDef))
        found += [(f"core.jobs.{path.stem}", name) for name in classes if name.endswith("Request")]
    return found


def importers(module: str, name: str) -> set[str]:
    """Which fronts import a class."""
    return {
        front
        for folder, front in FRONTS.items()
        for path in (REPOSITORY / folder).rglob("*.py")
        if (module, name) in set(imports(path))
    }


def test_there_are_requests() -> None:
    names = {name for _, name in requests()}
    assert {"ExtractRequest", "IndexRequest", "VerifyRequest", "LookRequest"} <= names
    assert set(ONE_FRONT) <= names


@pytest.mark.parametrize(("module", "name"), requests())
def test_every_request_is_filled_by_both_fronts(module: str, name: str) -> None:
    fronts = importers(module, name)
    if name in ONE_FRONT:
        assert len(fronts) == 1, f"{name} has two fronts now: take it out of ONE_FRONT"
        return
    assert fronts == set(FRONTS.values())


@pytest.mark.parametrize("folder", FRONTS)
def test_fronts_take_values_and_types_but_do_no_work(folder: str) -> None:
    """A name in small letters is a function, and its work belongs into a job."""
    found = [
        f"{path.relative_to(REPOSITORY)} imports {module}.{name}"
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        for module, name in imports(path)
        if module in WORK and name[:1].islower()
    ]
    assert not found
