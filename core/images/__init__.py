"""Finding, checking, decoding and preprocessing of images."""
