"""Messages: wake-ups for workers, events and preview frames for browsers. All are hints, so any may be lost."""
