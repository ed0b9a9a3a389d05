"""This machine: facts, memory, processes, leftovers, environment."""
