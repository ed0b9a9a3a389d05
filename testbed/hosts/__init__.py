"""Several hosts as one source of workers."""
