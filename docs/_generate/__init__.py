"""Writes pages of `docs` from the tables, options, docstrings and schemas of the code."""
