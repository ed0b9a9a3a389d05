"""Observes where replicas and workers synchronise."""
