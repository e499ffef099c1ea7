"""Explains scores in the window: requests filled from the Gradients view, and what was found."""
