"""The observations of the user's program, without judgement."""
