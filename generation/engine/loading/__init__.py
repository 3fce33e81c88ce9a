"""Checkpoints from disk to memory: layouts, single files, the cache that leases them."""
