"""The proof of a rename kept beside the saved prototxt, and whether it still speaks of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.engines.run_provenance import provenance_record, sha256_of_text
from core.engines.verification import OutputDifference, Verification
from core.errors import AppError
from core.files import path_named_after, write_file
from core.net.rename_plan import BlobRename, LayerRename
from core.typed_json import as_type, load_json

SCHEMA = 1
MAX_FILE_BYTES = 4 * 1024 * 1024
_SUFFIX = ".verification.json"

Status = Literal["none", "matches", "other text", "unreadable"]


@dataclass(frozen=True)
class VerificationReport:
    """A report as read: the verdict, on what it was found, and `record`, all of it.

    A largest difference that was infinite, as between different shapes, reads as infinity.
    """

    is_identical: bool
    engine: str
    device: str
    date: str
    original_sha256: str
    renamed_sha256: str
    first_different_layer: str | None
    outputs: tuple[OutputDifference, ...]
    record: dict[str, Any]

    @property
    def largest_difference(self) -> float:
        """Over all shared outputs."""
        return max((found.largest_difference for found in self.outputs), default=0.0)


@dataclass(frozen=True)
class ReportStanding:
    """Whether there is a report beside a prototxt and whether it speaks of this text."""

    status: Status
    sentence: str
    report: VerificationReport | None = None


def report_path(prototxt: Path) -> Path:
    """`<name>.verification.json` beside the prototxt."""
    return path_named_after(prototxt, prototxt.name.removesuffix(".prototxt"), _SUFFIX)


def report_record(
    verification: Verification,
    *,
    renames: Sequence[BlobRename] = (),
    layer_renames: Sequence[LayerRename] = (),
    weights_name: str | None = None,
    image_name: str | None = None,
) -> dict[str, Any]:
    """Everything a report says, as plain values for JSON."""
    origin = verification.provenance
    return {
        "schema": SCHEMA,
        **provenance_record(origin, weights_name=weights_name, image_name=image_name),
        "renamed_sha256": origin.after_sha256,
        "identical": verification.is_identical,
        "first_different_layer": verification.first_different_layer,
        "filler_weights": verification.filler,
        "seconds": round(verification.seconds, 3),
        "values_compared": verification.n_values,
        "values_different": verification.n_different,
        "outputs": [_written(found) for found in verification.differences],
        "renames": [asdict(rename) for rename in renames],
        "layer_renames": [asdict(rename) for rename in layer_renames],
    }


def write_report(prototxt: Path, record: dict[str, Any]) -> Path:
    """Write a record beside a saved prototxt; AppError when the disk refuses."""
    path = report_path(prototxt)
    write_file(path, (json.dumps(record, indent=2, allow_nan=False) + "\n").encode())
    return path


class _Engine(msgspec.Struct, frozen=True):
    name: str
    device: str


class _Output(msgspec.Struct, frozen=True):
    """An OutputDifference; a largest difference that was infinite is null."""

    layer: str
    top_index: int
    label: str
    n_values: int
    n_different: int
    largest_difference: float | None


class _Record(msgspec.Struct, frozen=True):
    """What is read of a report."""

    identical: bool
    engine: _Engine
    date: str
    original_sha256: str
    renamed_sha256: str
    first_different_layer: str | None
    outputs: tuple[_Output, ...]


class _Schema(msgspec.Struct, frozen=True):
    schema: int


def read_report(prototxt: Path) -> VerificationReport | None:
    """The report beside a prototxt, None where there is none.

    Raises AppError for one that can't be read or was written by a newer Blobscope.
    """
    path = report_path(prototxt)
    try:
        if not path.exists():
            return None
    except OSError as error:
        raise AppError(f"Can't read {path.name}: {error.strerror or error}.") from error
    document = load_json(path, MAX_FILE_BYTES)
    if as_type(document, _Schema, path.name).schema > SCHEMA:
        raise AppError(
            f"{path.name} was written by a newer Blobscope.", hint="Verify again, or update."
        )
    try:
        return _report(as_type(document, _Record, path.name), document)
    except AppError as error:
        raise AppError(error.sentence, hint="Verify again to write a new one.") from error


def report_standing(prototxt: Path, text: str) -> ReportStanding:
    """Whether the report beside `prototxt` speaks of `text`, in a sentence; never raises."""
    try:
        report = read_report(prototxt)
    except AppError as error:
        return ReportStanding("unreadable", str(error))
    if report is None:
        return ReportStanding("none", "No verification is kept beside this file.")
    if report.renamed_sha256 != sha256_of_text(text):
        sentence = "The verification beside this file is of another text; verify again."
        return ReportStanding("other text", sentence, report)
    return ReportStanding("matches", _sentence(report), report)


def _sentence(report: VerificationReport) -> str:
    where = f"{report.engine} on {report.device}, {report.date[:10]}"
    if report.is_identical:
        labels = ", ".join(found.label for found in report.outputs)
        return f"{labels} bit-identical to the original ({where})."
    first = report.first_different_layer
    return f"Not identical to the original: the two part at {first} ({where})."


def _report(record: _Record, document: object) -> VerificationReport:
    return VerificationReport(
        is_identical=record.identical,
        engine=record.engine.name,
        device=record.engine.device,
        date=record.date,
        original_sha256=record.original_sha256,
        renamed_sha256=record.renamed_sha256,
        first_different_layer=record.first_different_layer,
        outputs=tuple(_read(row) for row in record.outputs),
        record=document if isinstance(document, dict) else {},
    )


def _written(found: OutputDifference) -> dict[str, Any]:
    largest = found.largest_difference
    return {**asdict(found), "largest_difference": largest if math.isfinite(largest) else None}


def _read(row: _Output) -> OutputDifference:
    largest = row.largest_difference
    return OutputDifference(
        row.layer,
        row.top_index,
        row.label,
        row.n_values,
        row.n_different,
        math.inf if largest is None else largest,
    )
