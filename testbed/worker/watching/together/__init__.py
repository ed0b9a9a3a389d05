"""Where replicas and workers synchronise."""
