"""Observes the data that replicas get, and the random numbers that they draw."""
