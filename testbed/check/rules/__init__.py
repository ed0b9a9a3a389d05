"""One module for each family of findings: pure functions from observations to findings."""
