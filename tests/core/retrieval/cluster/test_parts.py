"""Parts and their manifest, read as anybody may have written them; and which stage starves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.commands.command_line import run_command
from core.errors import AppError, GalleryError
from core.progress import run_job
from core.retrieval.cluster.indexing import (
    ClusterUnavailableError,
    cluster_address,
    import_parts,
)
from core.retrieval.cluster.manifest import MANIFEST_NAME, Manifest, open_parts, read_manifest
from core.retrieval.cluster.questions import packed, unpacked
from core.retrieval.cluster.watchdog import (
    Counts,
    EnginePlan,
    Resources,
    StarvedError,
    plan_engines,
    starved,
)
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_contents import FileStamp

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
pq = pytest.importorskip("pyarrow.parquet")
parts = pytest.importorskip("core.retrieval.cluster.parts")


def row(path: str, *values: float, changed: int = 1, reason: str = "") -> object:
    vector = np.array(values, np.float32) if values else None
    return parts.PartRow(path, 4, 3, 10, changed, reason, vector)


@pytest.fixture
def folder(tmp_path: Path, recipe: DescriptorRecipe) -> Path:
    """A folder of parts without any."""
    made = tmp_path / "parts"
    open_parts(made, Manifest(recipe, tmp_path / "photos", 3))
    return made


def rewrite(path: Path, change: Callable[[dict[str, list[object]]], object]) -> None:
    table = pq.read_table(path)
    columns = table.to_pydict()
    change(columns)
    pq.write_table(pa.table(columns, schema=table.schema), path)


def test_the_newest_row_of_an_image_counts(
    folder: Path, tmp_path: Path, recipe: DescriptorRecipe
) -> None:
    digest = recipe.digest
    parts.write_part(folder, [row("a.png", 1, 2), row("b/b.png", 3, 4)], digest)
    parts.write_part(folder, [row("a.png", 5, 6, changed=2), row("c.png", reason="torn")], digest)
    out = tmp_path / "gallery"
    assert run_job(import_parts(folder, out)) == 2
    gallery = open_gallery(out)
    assert gallery.images.paths == ("a.png", "b/b.png")
    assert gallery.labels == (None, "b")
    np.testing.assert_array_equal(gallery.descriptors, [[5, 6], [3, 4]])
    assert [(p.path, p.reason) for p in gallery.problems] == [("c.png", "torn")]
    assert gallery.progress.is_finished
    assert run_job(import_parts(folder, out)) == 0, "what is there stays"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("path", "../a.png"),
        ("path", "/etc/passwd"),
        ("path", None),
        ("recipe", "another"),
        ("vector", []),
        ("vector", [float("nan"), 1.0]),
        ("width", -1),
    ],
)
def test_a_row_that_is_none_is_refused(
    folder: Path, tmp_path: Path, recipe: DescriptorRecipe, column: str, value: object
) -> None:
    path = parts.write_part(folder, [row("a.png", 1, 2)], recipe.digest)
    rewrite(path, lambda columns: columns[column].__setitem__(0, value))
    with pytest.raises(AppError, match=r"part-000001\.parquet.* is no part of this index"):
        run_job(import_parts(folder, tmp_path / "gallery"))


def test_damaged_parts_are_named(folder: Path, tmp_path: Path, recipe: DescriptorRecipe) -> None:
    path = parts.write_part(folder, [row(f"{i}.png", *range(64)) for i in range(99)], recipe.digest)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"PAR1" + b"x" * 40, b""):
        path.write_bytes(broken)
        with pytest.raises(GalleryError, match="damaged"):
            list(parts.read_part(path, recipe.digest))
    spoilt = bytearray(whole)
    spoilt[len(whole) // 3] ^= 255
    path.write_bytes(spoilt)
    with pytest.raises(GalleryError, match="damaged"):
        list(parts.read_part(path, recipe.digest))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(AppError):
        list(parts.read_part(path, recipe.digest))


def test_parts_are_of_one_recipe_and_folder(
    folder: Path, tmp_path: Path, recipe: DescriptorRecipe
) -> None:
    with pytest.raises(GalleryError, match="The pooling is gap in the parts and mac here"):
        open_parts(folder, Manifest(replace(recipe, pooling="mac"), tmp_path / "photos", 3))
    with pytest.raises(GalleryError, match="are of the images in"):
        open_parts(folder, Manifest(recipe, tmp_path / "others", 3))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(GalleryError, match="holds no parts"):
        open_parts(tmp_path / "full", Manifest(recipe, tmp_path, 3))
    noted = json.loads((folder / MANIFEST_NAME).read_text())
    noted["recipe"]["pooling"] = "mac"
    (folder / MANIFEST_NAME).write_text(json.dumps(noted))
    with pytest.raises(GalleryError, match="does not fit itself"):
        read_manifest(folder)


def test_paths_travel_whatever_they_hold() -> None:
    todo = {"a b\n.png": FileStamp(1, 2), "größe/\u00e9.png": FileStamp(1 << 40, -1)}
    assert unpacked(packed(todo)) == [(path, *(s.n_bytes, s.changed)) for path, s in todo.items()]
    assert unpacked(packed({})) == []


def have(cpus: float, gpus: float = 0, free: float = 0) -> Resources:
    return Resources(2, cpus, gpus, free, 0)


def test_engines_leave_room_for_decoding() -> None:
    assert plan_engines(have(8)) == EnginePlan(4, is_on_gpus=False)
    assert plan_engines(have(16, 4)) == EnginePlan(4, is_on_gpus=True)
    assert plan_engines(have(16, 4), use_gpus=False) == EnginePlan(8, is_on_gpus=False)
    for cpus, n_asked in ((2, 0), (8, 13)):
        with pytest.raises(StarvedError, match="and the decoding that feeds them need"):
            plan_engines(have(cpus), n_asked=n_asked)
    with pytest.raises(StarvedError, match="1 GPU; 2 engines"):
        plan_engines(have(16, 1), n_asked=2)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (Counts(), "'engine' starves. None of 2 engines on CPUs has started"),
        (Counts(2, 5, 4, 4, 4), "'decoding' starves. 1 chunk of images began and did not end"),
        (Counts(2, 4, 4, 4, 4), "'decoding' starves. It has no CPU to run on"),
        (Counts(2, 9, 9, 2, 2), "'engine' starves. 7 chunks of images wait for 2 engines"),
    ],
)
def test_the_stage_that_starves_is_named(counts: Counts, sentence: str) -> None:
    assert sentence in starved(counts, have(4), EnginePlan(2, is_on_gpus=False), 300).sentence


def test_the_command_takes_parts_in(
    folder: Path, tmp_path: Path, recipe: DescriptorRecipe, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.write_part(folder, [row("a.png", 1, 2), row("b.png", reason="torn")], recipe.digest)
    out = str(tmp_path / "gallery")
    assert run_command("gallery", ["--from-parquet", str(folder), "--out", out]) == 0
    said = capsys.readouterr().out
    assert "1 image taken from" in said
    assert "1 image of 2 values, 1 file left out" in said
    for wrong in ([out, "--out", out], ["--from-parquet", str(folder)], []):
        with pytest.raises(SystemExit) as ended:
            raise SystemExit(run_command("gallery", wrong))
        assert ended.value.code == 2


def test_what_is_not_installed_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "without" / "pyarrow").mkdir(parents=True)
    lacking = "raise ModuleNotFoundError('no pyarrow', name='pyarrow')"
    (tmp_path / "without" / "pyarrow" / "__init__.py").write_text(lacking)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "without"))
    with pytest.raises(ClusterUnavailableError, match="pyarrow is not installed"):
        run_job(import_parts(folder, tmp_path / "gallery"))


def test_addresses_are_checked() -> None:
    assert [cluster_address(a) for a in (" auto ", "local", "", "h-1.example:6379", "[::1]:1")] == [
        "auto", "local", "", "h-1.example:6379", "[::1]:1",
    ]  # fmt: skip
    for wrong in ("ray://h:10001", "h", "h:", "h 1:2", "h:1;x"):
        with pytest.raises(AppError, match="no address"):
            cluster_address(wrong)
