"""Combines several hosts into one source of workers."""
