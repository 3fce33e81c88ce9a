"""Pages of one's own webhooks."""
