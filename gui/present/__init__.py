"""Showing a page to others, on the whole screen."""
