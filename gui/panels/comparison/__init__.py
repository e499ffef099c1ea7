"""Two nets side by side."""
