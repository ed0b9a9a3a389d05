"""Variables: creation, values, reads and writes."""
