"""The preloaded server and its workers."""
