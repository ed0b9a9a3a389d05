"""The exit statuses that all commands share."""

OK = 0
UNEXPECTED = 1
"""Something unexpected was seen, or could not be judged."""
WRONG_COMMAND = 2
INTERRUPTED = 130
"""As a shell gives it of SIGINT."""
