"""Weights as the filters of layers: their figures, twins, pictures and changes; nothing is run."""
