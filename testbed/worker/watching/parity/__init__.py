"""Records the first steps of a program, so that they can be compared with those on one replica."""
