"""Rules about the data and the files of replicas and workers."""
