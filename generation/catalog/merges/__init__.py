"""Asking for a merge of LoRAs, and the queue of merges."""
