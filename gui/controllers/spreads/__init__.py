"""Statistics of every layer, over the image and over the folder of the gallery."""
