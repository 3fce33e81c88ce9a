"""LoRA files, and applying many of them within one batch."""
