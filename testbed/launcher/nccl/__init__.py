"""NCCL in workers that use GPUs: its environment, and what it reports about a hang."""
