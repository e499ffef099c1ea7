"""Two nets compared: rows, totals, and files to keep."""
