"""The report of a data check: every finding with pictures, classes with their counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import AppError
from core.images.thumbnails import thumbnail
from core.reports.page import as_data_uri, write_page
from core.training.data_check import DataCheck, Finding

_MOST_GROUPS = 24
_MOST_FILES = 8
_SIDE = 120


@dataclass(frozen=True)
class _Shown:
    """A file in the report; picture: "" where it has none."""

    name: str
    label: str
    picture: str
    note: str


def write_data_report(found: DataCheck, path: Path) -> None:
    """One HTML file, a picture for each file that is shown. Raises AppError."""
    counts = found.counts()
    write_page(
        "data_check.html",
        path,
        {
            "root": str(found.root),
            "n_images": len(found.images),
            "n_kept": len(found.kept),
            "counts": counts,
            "most": max(counts.values(), default=1) or 1,
            "findings": [_described(finding, found) for finding in found.findings],
        },
    )


def _described(finding: Finding, found: DataCheck) -> dict[str, object]:
    images = {one.image.name: one for one in found.images}
    groups = []
    for group in finding.groups[:_MOST_GROUPS]:
        shown = []
        for name in group[:_MOST_FILES]:
            one = images.get(name)
            if one is None:
                shown.append(_Shown(name, "", "", ""))
                continue
            shown.append(
                _Shown(name, one.image.label, _picture(one.image.path), one.problem or one.flaw)
            )
        groups.append({"files": shown, "more": max(0, len(group) - _MOST_FILES)})
    return {
        "kind": finding.kind,
        "n_files": finding.n_files,
        "sentence": finding.sentence,
        "groups": groups,
        "more": max(0, len(finding.groups) - _MOST_GROUPS),
    }


def _picture(path: Path) -> str:
    try:
        return as_data_uri(thumbnail(path, _SIDE))
    except AppError:
        return ""
