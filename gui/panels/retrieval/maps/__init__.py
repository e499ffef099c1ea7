"""The map of a gallery: canvas, legend, the images chosen on it, maps of several layers."""
