"""The moderators' desk: what waits for them in one queue, and what they can do about each case."""
