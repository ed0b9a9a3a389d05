"""Live output of a run: progress, and the lines that workers print."""
