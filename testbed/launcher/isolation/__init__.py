"""Isolation of a run: its network, processes and ports."""
