"""Where a case runs: strategy, cluster and devices."""
