"""The names of the engines, which create the processes of a cluster."""

LOCAL, ENVIRONMENT, SLURM, RAY, KUBERNETES = (
    "local",
    "environment",
    "slurm",
    "ray",
    "kubernetes",
)
ENGINES = (LOCAL, ENVIRONMENT, SLURM, RAY, KUBERNETES)

MEETING_S = 300.0
"""Seconds within which all workers must join: engines start them one by one, and pull images
first."""
