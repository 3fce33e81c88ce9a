"""Renders recipes with torch and diffusers, many at once on one device. It knows no Django, database or broker."""
