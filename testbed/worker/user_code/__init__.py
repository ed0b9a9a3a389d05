"""Runs the user's programs and functions in a worker."""
