"""Rules about variables: how many there are, their copies, their values."""
