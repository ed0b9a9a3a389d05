"""One file for each family of findings: pure functions from what was seen to what is wrong."""
