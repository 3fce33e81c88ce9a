"""Searches: several candidates of one training, halved until one is left."""
