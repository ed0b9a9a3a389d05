"""Times the steps of a user's program, with parts of them taken away."""
