"""Runs cases, programs and functions on clusters."""
