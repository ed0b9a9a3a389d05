"""Tests of the rules about variables."""
