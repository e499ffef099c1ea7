"""What a layer has learned: its filters, their figures, and another file's beside them."""
