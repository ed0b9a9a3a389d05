"""The place of a case: strategy, cluster and devices."""
