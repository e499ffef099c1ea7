"""What there is to know of a layer."""
