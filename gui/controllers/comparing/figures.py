"""The tables of figures of the Compare page as CSV, with what they are of above them."""

from __future__ import annotations

from core.comparison.export import captions
from core.csv_table import rows_as_csv
from core.words import MINUS
from gui.pages.compare_page import ComparePage


def figures_as_csv(page: ComparePage) -> bytes | None:
    """The rows shown, as they are shown; None where the view has no table, or an empty one.

    Lines that begin with # come first: files, weights, image, and the sentence of the view.
    """
    figures = page.figures
    if figures is None:
        return None
    rows = [(f"# {line}",) for line in _caption(page) if line]
    cells = [tuple(cell.replace(MINUS, "-") for cell in row.cells) for row in figures.rows]
    return rows_as_csv([*rows, figures.headings, *cells])


def _caption(page: ComparePage) -> list[str]:
    said = page.said(page.view)[0]
    if page.view == "engines":
        return [page.engines.source, said]
    lines = list(captions(page.comparison)) if page.comparison is not None else []
    for letter, path in zip("AB", page.values_sources.files, strict=True):
        lines.append(f"{letter} with {path.name if path is not None else 'filler values'}")
    if page.view == "values" and page.values.image:
        lines.append(f"Image {page.values.image}")
    return [*lines, said]
