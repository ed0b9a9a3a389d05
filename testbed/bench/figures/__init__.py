"""Figures, their statistics and their units."""
