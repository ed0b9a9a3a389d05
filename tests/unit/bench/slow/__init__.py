"""Benchmarks of a user's program."""
