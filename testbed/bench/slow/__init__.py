"""Finds out why a user's program is not faster on several replicas."""
