"""Searching a folder of images with the open net."""
