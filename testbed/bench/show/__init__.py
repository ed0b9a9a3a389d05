"""Figures as people see them."""
