"""The PyTorch engine, the only place that imports torch."""
