"""The whole site as one file, and back: rows, and by choice pictures, weights and secrets.

Of one person's own things `config.exports` makes a copy; this is the operator's.
"""
