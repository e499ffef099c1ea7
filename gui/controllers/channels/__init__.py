"""Reads the channels of a layer over the folder, and shows what that says."""
