"""An index on several machines: Ray Data runs it, parquet parts keep it, a gallery takes it."""
