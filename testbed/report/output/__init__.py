"""What workers print, and a run while it goes on."""
