"""Pictures as files: encoding, tracing, infotext and provenance. No Django and no torch; import the modules by name."""
