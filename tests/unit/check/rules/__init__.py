"""Tests of the rules: observations in, findings out."""
