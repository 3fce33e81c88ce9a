"""People's own LoRAs: bringing, naming, sharing, versions, quarantine and deletion. Publishing is the gallery's."""
