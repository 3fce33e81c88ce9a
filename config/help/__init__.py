"""The site's own documentation: which pages there are, how their Markdown becomes HTML, and how they are searched."""
