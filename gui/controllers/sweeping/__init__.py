"""Sweeping the layers of the open net over the folder that is searched."""
