"""Channels over a folder: top images of one, and the matrix of images by channels."""
