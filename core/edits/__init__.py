"""Edits of a net that need to know its layer types, shapes, weights or neighbouring files."""
