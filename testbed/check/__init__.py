"""Whether somebody's own code is right under replication, and where it is not."""
