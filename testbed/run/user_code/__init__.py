"""Runs a user's program or function on a cluster."""
