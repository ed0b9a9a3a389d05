"""Watches somebody's own code in a worker: sees, and judges nothing."""
