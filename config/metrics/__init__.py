"""`/metrics` in Prometheus' text format, for staff and their tokens: rows as they are, and counts of all processes.

A scraper sends a staff member's API token: `authorization: {credentials: tmp_...}`. Names and labels are kept: a name
that dashboards use does not change.
"""
