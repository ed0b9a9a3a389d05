"""Measures what things cost, in ratios taken within one run."""
