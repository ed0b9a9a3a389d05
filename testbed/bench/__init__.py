"""Measures costs in time and memory, as ratios within one run."""
