"""Websockets: what a page or a program hears while it waits."""
