"""What templates of every app are told by this package."""
