"""The GPU worker: it joins rows and engine, and is imported by tasks and commands alone."""
