"""Records: written, read, compared and summarised."""
