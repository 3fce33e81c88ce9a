"""The page where pictures are made, and the parts of it that are fetched alone."""
