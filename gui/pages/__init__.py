"""The pages of the window: each places panels, and all share one selection."""
