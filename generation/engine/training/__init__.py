"""Learns a LoRA from pictures: `trainer.train`."""
