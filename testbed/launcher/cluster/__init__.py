"""Runs one cluster: start, watch, deadlines, end."""
