"""The operator's page in the admin: how the site does, and what to hold back or announce."""
