"""Data that replicas get, and random numbers that they draw."""
