"""Statistics, histograms and channel ranking of activations."""
