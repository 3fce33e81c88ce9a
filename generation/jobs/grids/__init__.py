"""The lab: grids of pictures that differ in a few fields, mixtures of LoRAs, and LoRAs merged into one file."""
