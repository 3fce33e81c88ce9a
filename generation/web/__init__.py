"""The maker's pages, one file a page. A view is a paragraph: fetch-or-refuse, form, one verb, redirect."""
