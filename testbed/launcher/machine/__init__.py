"""This machine: its description, memory, processes, leftovers and environment."""
