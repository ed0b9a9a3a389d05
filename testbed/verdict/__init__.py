"""What was observed, and what it means."""
