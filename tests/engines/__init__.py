"""Tests against real engines, which are started here, in a network of their own."""
