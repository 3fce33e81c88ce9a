"""Pages and files of one's own jobs and pictures."""
