"""Parity: compares the first steps of a program with those of the same program on one replica."""
