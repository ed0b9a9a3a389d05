"""Runs cases, users' programs and functions on clusters."""
