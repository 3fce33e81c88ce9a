"""Pages of checkpoints and LoRAs, and of one's own uploads."""
