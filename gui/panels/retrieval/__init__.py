"""Searching a folder of images."""
