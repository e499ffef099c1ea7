"""Descriptors, galleries, search and evaluation."""
