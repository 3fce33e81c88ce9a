"""Websockets: what a page hears while it waits."""
