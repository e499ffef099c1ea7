"""The proof of a rename kept beside the saved prototxt, and whether it still speaks of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from core import __version__
from core.engines.verification import OutputDifference, Verification, sha256_of_text
from core.errors import AppError
from core.files import write_file
from core.net.rename_plan import BlobRename, LayerRename

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
    return prototxt.with_name(prototxt.name.removesuffix(".prototxt") + _SUFFIX)


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
        "made_by": f"Blobscope {__version__}",
        "date": origin.date,
        "identical": verification.is_identical,
        "first_different_layer": verification.first_different_layer,
        "engine": {
            "name": origin.engine,
            "versions": dict(origin.versions),
            "device": origin.device,
            "precision": origin.precision,
        },
        "original_sha256": origin.before_sha256,
        "renamed_sha256": origin.after_sha256,
        "weights": None
        if origin.weights_sha256 is None
        else {"file": weights_name, "sha256": origin.weights_sha256},
        "filler_weights": verification.filler,
        "input": {
            "kind": "seeded values" if origin.is_seeded else "image",
            "image": image_name,
            "sha256": origin.input_sha256,
            "shapes": {name: list(shape) for name, shape in origin.input_shapes},
        },
        "seed": origin.seed,
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


def read_report(prototxt: Path) -> VerificationReport | None:
    """The report beside a prototxt, None where there is none.

    Raises AppError for one that can't be read or was written by a newer Blobscope.
    """
    path = report_path(prototxt)
    try:
        if not path.exists():
            return None
        if path.stat().st_size > MAX_FILE_BYTES:
            raise AppError(f"{path.name} is too large to be a report of a verification.")
        record = json.loads(path.read_bytes())
        return _report(path, record)
    except OSError as error:
        raise AppError(f"Can't read {path.name}: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AppError(
            f"{path.name} is damaged.", hint="Verify again to write a new one."
        ) from error


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


def _report(path: Path, record: dict[str, Any]) -> VerificationReport:
    if int(record["schema"]) > SCHEMA:
        raise AppError(
            f"{path.name} was written by a newer Blobscope.", hint="Verify again, or update."
        )
    first = record["first_different_layer"]
    return VerificationReport(
        is_identical=bool(record["identical"]),
        engine=str(record["engine"]["name"]),
        device=str(record["engine"]["device"]),
        date=str(record["date"]),
        original_sha256=str(record["original_sha256"]),
        renamed_sha256=str(record["renamed_sha256"]),
        first_different_layer=None if first is None else str(first),
        outputs=tuple(_read(row) for row in record["outputs"]),
        record=record,
    )


def _written(found: OutputDifference) -> dict[str, Any]:
    largest = found.largest_difference
    return {**asdict(found), "largest_difference": largest if math.isfinite(largest) else None}


def _read(row: dict[str, Any]) -> OutputDifference:
    largest = row["largest_difference"]
    return OutputDifference(
        layer=str(row["layer"]),
        top_index=int(row["top_index"]),
        label=str(row["label"]),
        n_values=int(row["n_values"]),
        n_different=int(row["n_different"]),
        largest_difference=math.inf if largest is None else float(largest),
    )
