"""Observes Python state that replica functions change."""
