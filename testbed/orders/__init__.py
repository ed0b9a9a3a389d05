"""The orders and reports of workers, by entry: what both sides of a launch share."""
