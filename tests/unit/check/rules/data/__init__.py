"""Tests of the rules about data and files."""
