"""Observes the user's code in a worker, and does not judge it."""
