"""Observes variables: creation, values, reads and writes."""
