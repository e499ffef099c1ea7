"""The table of all layers."""
