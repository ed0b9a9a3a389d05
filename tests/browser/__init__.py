"""The page in a real browser, without a window."""
