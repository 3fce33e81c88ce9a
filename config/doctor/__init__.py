"""What `manage.py doctor` looks at: each part of a running site, with what to do where something is wrong."""
