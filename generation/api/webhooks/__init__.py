"""The API's doors to webhooks."""
