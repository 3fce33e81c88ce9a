"""The pages of users and of the catalog, one file a page.

A view is a paragraph: fetch-or-refuse, form, one verb, redirect."""
