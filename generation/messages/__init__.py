"""What leaves a process as a message: wake-ups for workers, events and preview frames for browsers. All are hints."""
