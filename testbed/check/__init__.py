"""Finds what is wrong in the user's program under replication."""
