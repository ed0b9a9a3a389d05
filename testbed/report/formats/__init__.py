"""The report formats, and the files that reports are written to."""
