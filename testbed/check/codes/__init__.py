"""Every code: what it means, why it is wrong, and the cure; one file for each family."""
