"""Maps of a gallery: its descriptors in two dimensions, and what such a map keeps of them."""
