"""Runs the programs that the testbed is compared with."""
