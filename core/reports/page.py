"""Pages of a report: templates filled with what was found, pictures inside the file."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from core.files import write_file

TEMPLATES = Path(__file__).resolve().parents[2] / "resources" / "reports"


def write_page(template: str, path: Path, values: dict[str, object]) -> None:
    """Fill a template and write the page; values are text, never markup. Raises AppError."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(template).render(values)
    write_file(path, page.encode("utf-8", "backslashreplace"))


def as_data_uri(rgb: np.ndarray) -> str:
    """A picture, (height, width, 3) uint8, for the src of an img element."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
