"""The activations of a layer as tiles."""
