"""The command line: what can be typed, and the commands."""
