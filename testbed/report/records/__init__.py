"""Writes, reads, compares and summarises records."""
