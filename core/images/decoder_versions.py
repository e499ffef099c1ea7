"""Names and versions of what decodes and resizes, for what is kept of its results."""

from __future__ import annotations

import PIL
from PIL import features


def decoder_versions() -> dict[str, str]:
    """Names and versions of what decodes and resizes; JPEG decoders differ in single values."""
    found = {"Pillow": PIL.__version__}
    names = {"libjpeg_turbo": "libjpeg-turbo", "webp": "libwebp", "libtiff": "libtiff",
             "avif": "libavif", "jpg_2000": "OpenJPEG"}  # fmt: skip
    known = {*features.modules, *features.codecs, *features.features}
    for feature, name in names.items():
        version = features.version(feature) if feature in known else None
        if version:
            found[name] = str(version)
    return found
