"""How values spread."""
