"""Pages that help programs in: quick starts, and what each dialect makes of what it is sent."""
