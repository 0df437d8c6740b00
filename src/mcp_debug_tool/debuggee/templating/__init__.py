"""Templates of Jinja2 and Django as files with lines and variables of their own."""
