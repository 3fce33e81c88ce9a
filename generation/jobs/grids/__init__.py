"""Grids of pictures that differ in a few fields or in how LoRAs are mixed: many jobs that become one picture."""
