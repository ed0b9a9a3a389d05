"""A network, processes and ports that belong to the run."""
